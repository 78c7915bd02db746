import type { AdminDeps } from "../admin/deps.ts";
import { ID_OF_USER, SHARED_ID } from "../admin/entries.ts";
import { type FieldChange, fieldChanges } from "../admin/field-changes.ts";
import { problemOfPassword } from "../admin/password-policy.ts";
import { clientEntryOf, UNUSABLE_RECORD, userEntryOf } from "../admin/registry-rows.ts";
import { changedFields, updateOfClient } from "../admin/row-changes.ts";
import type { ClientRow } from "../clients/client.ts";
import { isOfOtherHasher } from "../crypto/password-hash.ts";
import { invalid, type Subject } from "../errors/management-error.ts";
import type { RegistryWrite, UserColumns } from "../storage/registry.ts";
import type { UserRow } from "../storage/users.ts";
import { type ClientChange, decideClient, isReadable, UNREADABLE } from "./apply-clients.ts";
import type { FileUser, NamedFields, RegistryFile } from "./registry-file.ts";

/** Dependencies of `apply`. */
export type ApplyDeps = Omit<AdminDeps, "random" | "endFamily" | "resources">;

/** The change of a client or user. */
export interface Applied extends Subject {
  readonly change: "created" | "updated" | "unchanged" | "deleted";
  /** The changed fields of an update, in the format of a file. */
  readonly fields: readonly FieldChange[];
}

/** The change of an entry, and its write. */
export interface Step extends Applied {
  readonly write: RegistryWrite | null;
}

/** An entry that was checked against the current state. */
export interface Decided {
  /** Hashes a new secret or password, which is slow. */
  finish(): Promise<Step>;
}

/** Number of entries that are checked in parallel: secrets are hashed on all cores. */
const CHECKED_AT_ONCE = 50;

/** @throws ManagementError `invalid` for entries that contradict the current state */
export async function* clientSteps(file: RegistryFile, deps: ApplyDeps): AsyncGenerator<Decided> {
  const rows = await deps.registry.findClients(file.clients.map((entry) => entry.client_id));
  const problems: string[] = [];
  for (const [index, entry] of file.clients.entries()) {
    for (const field of ["secret_record", "previous_secret_record"] as const) {
      if (!(await isReadable(entry[field], deps.clientSecrets))) {
        problems.push(`clients[${index}].${field}: ${UNREADABLE}`);
      }
    }
  }
  const users = await deps.registry.findUsersById(newIds(file.clients, rows));
  for (const [index, { client_id: id }] of file.clients.entries()) {
    if (users.has(id)) problems.push(`clients[${index}].client_id: ${ID_OF_USER}`);
  }
  if (problems.length > 0) throw invalid(...problems);
  yield* decideAll(file.clients, async (entry, index) => {
    const row = rows.get(entry.client_id);
    const named = file.named.clients[index] ?? new Set();
    const change = await decideClient({ entry, named, row }, `clients[${index}].`, deps);
    return { finish: () => clientStep(entry.client_id, row, change, deps) };
  });
}

/** @throws ManagementError `invalid` for entries that contradict the current state */
export async function* userSteps(file: RegistryFile, deps: ApplyDeps): AsyncGenerator<Decided> {
  const { registry, userPasswords } = deps;
  const rows = await registry.findUsers(file.users.map((entry) => entry.username));
  const owners = await registry.findUsersById(file.users.flatMap(({ id }) => id ?? []));
  const problems = sameNames(file, registry);
  const newUsersIds = file.users.flatMap(({ id, username }) => {
    return rows.has(username) ? [] : (id ?? []);
  });
  const clientIds = new Set([
    ...(await registry.findClients(newUsersIds)).keys(),
    ...file.clients.map((entry) => entry.client_id),
  ]);
  for (const [index, { id, username, password_record: record }] of file.users.entries()) {
    const place = `users[${index}]`;
    const row = rows.get(username);
    const owner = owners.get(id ?? "");
    if (row !== undefined && id !== undefined && row.id !== id) {
      problems.push(`${place}.id: the user already has another id, which tokens refer to`);
    } else if (owner !== undefined && owner.id !== row?.id) {
      const name = JSON.stringify(owner.username);
      problems.push(`${place}.id: belongs to the user ${name}; to rename, use user update first`);
    } else if (!rows.has(username) && clientIds.has(id ?? "")) {
      problems.push(`${place}.id: ${SHARED_ID}`);
    }
    const isKept = record === row?.password_record || isUnverifiable(record);
    if (!isKept && !(await isReadable(record, userPasswords))) {
      problems.push(`${place}.password_record: ${UNREADABLE}`);
    }
  }
  if (problems.length > 0) throw invalid(...problems);
  yield* decideAll(file.users, async (entry, index) => {
    const row = rows.get(entry.username);
    const password = await newPassword(entry, row, `users[${index}].`, deps);
    const named = file.named.users[index] ?? new Set();
    return {
      finish: async () => {
        const record = password === null ? null : await deps.userPasswords.makeHash(password);
        return userStep({ entry, named, row }, record, deps);
      },
    };
  });
}

/** Whether a hash is valid although no password matches it here, as after an import. */
function isUnverifiable(record = ""): boolean {
  return record.startsWith(UNUSABLE_RECORD) || isOfOtherHasher(record);
}

/** Checks entries in order. @throws the error of the first invalid entry */
async function* decideAll<Entry>(
  entries: readonly Entry[],
  decide: (entry: Entry, index: number) => Promise<Decided>,
): AsyncGenerator<Decided> {
  for (let start = 0; start < entries.length; start += CHECKED_AT_ONCE) {
    const some = entries.slice(start, start + CHECKED_AT_ONCE);
    const decided = some.map((entry, offset) => decide(entry, start + offset));
    const failed = (await Promise.allSettled(decided)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
    yield* await Promise.all(decided);
  }
}

/** Finds entries with the same user name, in another case or Unicode form. */
function sameNames(file: RegistryFile, registry: ApplyDeps["registry"]): string[] {
  const seen = new Set<string>();
  return file.users.flatMap(({ username }, index) => {
    const key = registry.nameKeyOf(username);
    const isRepeated = seen.has(key);
    seen.add(key);
    return isRepeated
      ? [`users[${index}].username: duplicate of another entry, spelled differently`]
      : [];
  });
}

/** Ids of new clients. Existing ones stay, even if version 0.1 allowed a user with the same id. */
function newIds(
  entries: RegistryFile["clients"],
  rows: ReadonlyMap<string, ClientRow>,
): readonly string[] {
  return entries.map((entry) => entry.client_id).filter((id) => !rows.has(id));
}

async function clientStep(
  clientId: string,
  row: ClientRow | undefined,
  { columns, secrets, newSecret }: ClientChange,
  { clientSecrets }: ApplyDeps,
): Promise<Step> {
  const subject = { kind: "client", name: clientId } as const;
  const made = newSecret === null ? {} : { secret_record: await clientSecrets.makeHash(newSecret) };
  const fields = { ...columns, ...secrets, ...made };
  if (row === undefined) {
    const write = { kind: "insert_client", clientId, fields } as const;
    return { ...subject, change: "created", fields: [], write };
  }
  const write = updateOfClient(row, fields);
  if (write === null) return { ...subject, change: "unchanged", fields: [], write };
  const changes = fieldChanges(clientEntryOf(row), clientEntryOf({ ...row, ...fields }));
  return { ...subject, change: "updated", fields: changes, write };
}

interface FileUserState {
  readonly entry: FileUser;
  readonly named: NamedFields;
  readonly row: UserRow | undefined;
}

function userStep(
  { entry, named, row }: FileUserState,
  made: string | null,
  deps: ApplyDeps,
): Step {
  const { username } = entry;
  const subject = { kind: "user", name: username } as const;
  const isKept = (field: string) => row !== undefined && !named.has(field);
  const fields: UserColumns = {
    password_record: entry.password_record ?? made ?? row?.password_record ?? UNUSABLE_RECORD,
    claims: isKept("claims") && row ? row.claims : JSON.stringify(entry.claims),
    profile: isKept("profile") && row ? row.profile : JSON.stringify(entry.profile),
    is_active: isKept("is_active") && row ? row.is_active : Number(entry.is_active),
  };
  if (row === undefined) {
    const id = entry.id ?? deps.newUserId();
    const write = { kind: "insert_user", id, username, fields } as const;
    return { ...subject, change: "created", fields: [], write };
  }
  const changed = changedFields(fields, row);
  if (changed === null) return { ...subject, change: "unchanged", fields: [], write: null };
  const changes = fieldChanges(userEntryOf(row), userEntryOf({ ...row, ...fields }));
  const write: RegistryWrite = {
    kind: "update_user",
    // The stored name: the file may spell it differently.
    username: row.username,
    fields: changed,
    // Not the whole row: a login may rehash the same password at any time.
    expected: Object.fromEntries(
      Object.keys(changed).map((field) => [field, row[field as keyof UserColumns]]),
    ),
    endsSessions: changed.password_record !== undefined || changed.is_active === 0,
  };
  return { ...subject, change: "updated", fields: changes, write };
}

/** The new password of the user; null: the hash stays unchanged. */
async function newPassword(
  entry: FileUser,
  row: UserRow | undefined,
  place: string,
  { userPasswords, passwordLengthMin }: ApplyDeps,
): Promise<string | null> {
  const field = entry.password === undefined ? "initial_password" : "password";
  // The initial password is only for a new user, who may have changed it since.
  const password = entry.password ?? (row === undefined ? entry.initial_password : undefined);
  if (password === undefined) return null;
  if (row !== undefined) {
    const { matched } = await userPasswords.check(password, [row.password_record]);
    if (matched !== null) return null;
  }
  const problem = problemOfPassword(password, entry.username, passwordLengthMin);
  if (problem !== null) throw invalid(`${place}${field}: ${problem}`);
  return password;
}
