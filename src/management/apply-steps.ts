import type { Passwords } from "../crypto/passwords.ts";
import type { ClientRow, UserRow } from "../storage/account-rows.ts";
import type { RegistryWrite, UserFields } from "../storage/registry.ts";
import { type ClientEntry, type UserEntry, usesSecret } from "./entries.ts";
import { type FieldChange, fieldChanges } from "./field-changes.ts";
import { invalid, type Subject } from "./management-error.ts";
import { problemOfPassword } from "./password-policy.ts";
import type { RegistryFile } from "./registry-file.ts";
import {
  clientEntryOf,
  clientFieldsOf,
  NO_SECRETS,
  type SecretFields,
  secretFieldsOf,
  UNUSABLE_RECORD,
  userEntryOf,
} from "./registry-rows.ts";
import { changedFields, updateOfClient } from "./row-changes.ts";
import type { ManagementTools } from "./tools.ts";

/** What `apply` needs. */
export type ApplyTools = Omit<ManagementTools, "random" | "endFamily">;

/** What became, or would become, of one client or user. */
export interface Applied extends Subject {
  readonly change: "created" | "updated" | "unchanged" | "deleted";
  /** Of an update: what changes, as a file would have it. */
  readonly fields: readonly FieldChange[];
}

/** What becomes of one entry, and the write that makes it so. */
export interface Step extends Applied {
  readonly write: RegistryWrite | null;
}

/** @throws ManagementError `invalid` for entries that do not fit to what is there */
export async function* clientSteps(file: RegistryFile, tools: ApplyTools): AsyncGenerator<Step> {
  const rows = await tools.registry.findClients(file.clients.map((entry) => entry.client_id));
  const problems = file.clients.flatMap((entry, index) => {
    const secret =
      entry.client_secret ?? entry.secret_record ?? rows.get(entry.client_id)?.secret_record;
    return usesSecret(entry) && !secret
      ? [`clients[${index}].client_secret: a new confidential client needs one`]
      : [];
  });
  for (const [index, entry] of file.clients.entries()) {
    for (const field of ["secret_record", "previous_secret_record"] as const) {
      if (!(await isReadable(entry[field], tools.clientSecrets))) {
        problems.push(`clients[${index}].${field}: ${UNREADABLE}`);
      }
    }
  }
  if (problems.length > 0) throw invalid(...problems);
  for (const entry of file.clients) yield clientStep(entry, rows.get(entry.client_id), tools);
}

/** @throws ManagementError `invalid` for entries that do not fit to what is there */
export async function* userSteps(file: RegistryFile, tools: ApplyTools): AsyncGenerator<Step> {
  const { registry, userPasswords } = tools;
  const rows = await registry.findUsers(file.users.map((entry) => entry.username));
  const owners = await registry.findUsersById(file.users.flatMap(({ id }) => id ?? []));
  const problems: string[] = [];
  for (const [index, { id, username, password_record: record }] of file.users.entries()) {
    const place = `users[${index}]`;
    const knownId = rows.get(username)?.id ?? id;
    const owner = owners.get(id ?? "")?.username ?? username;
    if (knownId !== id && id !== undefined) {
      problems.push(`${place}.id: the user has another, and tokens are for that`);
    } else if (owner !== username) {
      problems.push(`${place}.id: is another user's`);
    }
    const isUnusable = record?.startsWith(UNUSABLE_RECORD) === true;
    if (!isUnusable && !(await isReadable(record, userPasswords))) {
      problems.push(`${place}.password_record: ${UNREADABLE}`);
    }
  }
  if (problems.length > 0) throw invalid(...problems);
  for (const [index, entry] of file.users.entries()) {
    yield userStep(entry, rows.get(entry.username), `users[${index}].`, tools);
  }
}

const UNREADABLE = "is no record that this service can read; is PASSWORD_PEPPER the one it needs?";

async function isReadable(record: string | undefined, passwords: Passwords): Promise<boolean> {
  return record === undefined || (await passwords.canRead(record));
}

async function clientStep(
  entry: ClientEntry,
  row: ClientRow | undefined,
  tools: ApplyTools,
): Promise<Step> {
  const subject = { kind: "client", name: entry.client_id } as const;
  const secrets = await secretFields(entry, row, tools.clientSecrets);
  const fields = { ...clientFieldsOf(entry), ...secrets };
  if (row === undefined) {
    const write = { kind: "insert_client", clientId: entry.client_id, fields } as const;
    return { ...subject, change: "created", fields: [], write };
  }
  const write = updateOfClient(row, fields);
  if (write === null) return { ...subject, change: "unchanged", fields: [], write };
  const changes = fieldChanges(clientEntryOf(row), clientEntryOf({ ...row, ...fields }));
  return { ...subject, change: "updated", fields: changes, write };
}

/** A new secret replaces both of the old ones at once; the same one leaves the records alone. */
async function secretFields(
  entry: ClientEntry,
  row: ClientRow | undefined,
  clientSecrets: Passwords,
): Promise<SecretFields> {
  if (!usesSecret(entry)) return NO_SECRETS;
  if (entry.secret_record !== undefined) return secretFieldsOf(entry);
  const kept: SecretFields = {
    secret_record: row?.secret_record ?? null,
    previous_secret_record: row?.previous_secret_record ?? null,
    previous_secret_ends_at_ms: row?.previous_secret_ends_at_ms ?? null,
  };
  if (entry.client_secret === undefined) return kept;
  const records = kept.secret_record === null ? [] : [kept.secret_record];
  const { matched } = await clientSecrets.check(entry.client_secret, records);
  if (matched !== null) return kept;
  return { ...NO_SECRETS, secret_record: await clientSecrets.makeRecord(entry.client_secret) };
}

async function userStep(
  entry: UserEntry,
  row: UserRow | undefined,
  place: string,
  tools: ApplyTools,
): Promise<Step> {
  const { username } = entry;
  const subject = { kind: "user", name: username } as const;
  const fields: UserFields = {
    password_record: await passwordRecord(entry, row, place, tools),
    claims: JSON.stringify(entry.claims),
    is_active: entry.is_active ? 1 : 0,
  };
  if (row === undefined) {
    const write = {
      kind: "insert_user",
      id: entry.id ?? tools.newUserId(),
      username,
      fields,
    } as const;
    return { ...subject, change: "created", fields: [], write };
  }
  const changed = changedFields(fields, row);
  if (changed === null) return { ...subject, change: "unchanged", fields: [], write: null };
  const changes = fieldChanges(userEntryOf(row), userEntryOf({ ...row, ...fields }));
  const write: RegistryWrite = {
    kind: "update_user",
    username,
    fields: changed,
    // Not the whole row: a login may replace the record of the same password at any time.
    expected: Object.fromEntries(
      Object.keys(changed).map((field) => [field, row[field as keyof UserFields]]),
    ),
    endsSessions: changed.password_record !== undefined || changed.is_active === 0,
  };
  return { ...subject, change: "updated", fields: changes, write };
}

async function passwordRecord(
  entry: UserEntry,
  row: UserRow | undefined,
  place: string,
  { userPasswords, passwordLengthMin }: ApplyTools,
): Promise<string> {
  if (entry.password_record !== undefined) return entry.password_record;
  if (entry.password === undefined) return row?.password_record ?? UNUSABLE_RECORD;
  if (row !== undefined) {
    const { matched } = await userPasswords.check(entry.password, [row.password_record]);
    if (matched !== null) return row.password_record;
  }
  const problem = problemOfPassword(entry.password, entry.username, passwordLengthMin);
  if (problem !== null) throw invalid(`${place}password: ${problem}`);
  return userPasswords.makeRecord(entry.password);
}
