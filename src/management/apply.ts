import type { Passwords } from "../crypto/passwords.ts";
import type { ClientRow, UserRow } from "../storage/account-rows.ts";
import type { ClientFields, Registry, RegistryWrite, UserFields } from "../storage/registry.ts";
import {
  type ClientEntry,
  type RegistryFile,
  RegistryFileError,
  type UserEntry,
} from "./registry-file.ts";

/** What {@link apply} needs. */
export interface ApplyTools {
  readonly registry: Registry;
  readonly userPasswords: Passwords;
  readonly clientSecrets: Passwords;
  /** Makes the `users.id` of a new user; never the same twice. */
  readonly newUserId: () => string;
}

/** What became of one entry of the file. */
export interface Applied {
  readonly kind: "client" | "user";
  readonly name: string;
  readonly change: "created" | "updated" | "unchanged";
}

/** An unusable record, as Django has it: no password is right. */
const UNUSABLE = "!";

interface Step {
  readonly applied: Applied;
  readonly write: RegistryWrite | null;
}

/**
 * Makes or updates clients and users to match a file, all or nothing. Doing so twice changes
 * nothing the second time: a secret that matches its record is left alone. What the file does not
 * name is left alone too.
 *
 * @returns what became of each entry, in the order of the file
 * @throws RegistryFileError when a new confidential client has no secret
 * @throws Unavailable when D1 fails; nothing is written then
 */
export async function apply(file: RegistryFile, tools: ApplyTools): Promise<readonly Applied[]> {
  const [clientRows, userRows] = await Promise.all([
    tools.registry.findClients(file.clients.map((entry) => entry.client_id)),
    tools.registry.findUsers(file.users.map((entry) => entry.username)),
  ]);
  refuseMissingSecrets(file.clients, clientRows);
  const steps: Step[] = [];
  for (const entry of file.clients) {
    steps.push(await clientStep(entry, clientRows.get(entry.client_id), tools));
  }
  for (const entry of file.users) {
    steps.push(await userStep(entry, userRows.get(entry.username), tools));
  }
  await tools.registry.write(steps.flatMap(({ write }) => write ?? []));
  return steps.map(({ applied }) => applied);
}

function refuseMissingSecrets(
  entries: readonly ClientEntry[],
  rows: ReadonlyMap<string, ClientRow>,
): void {
  const problems = entries.flatMap((entry, index) => {
    const secret = entry.client_secret ?? rows.get(entry.client_id)?.secret_record;
    return hasSecret(entry) && !secret
      ? [`clients[${index}].client_secret: a new confidential client needs one`]
      : [];
  });
  if (problems.length > 0) throw new RegistryFileError(problems);
}

function hasSecret({ token_endpoint_auth_method: method }: ClientEntry): boolean {
  return method === "client_secret_basic" || method === "client_secret_post";
}

async function clientStep(
  entry: ClientEntry,
  row: ClientRow | undefined,
  tools: ApplyTools,
): Promise<Step> {
  const name = entry.client_id;
  const fields: ClientFields = {
    client_name: entry.client_name,
    token_endpoint_auth_method: entry.token_endpoint_auth_method,
    ...(await secretFields(entry, row, tools.clientSecrets)),
    grant_types: entry.grant_types.join(" "),
    scope: entry.scope ?? null,
    default_scope: entry.default_scope ?? null,
    audience: entry.audience.join(" "),
    claims: JSON.stringify(entry.claims),
    jwks: entry.jwks === undefined ? null : JSON.stringify(entry.jwks),
    allowed_origins: entry.allowed_origins.join(" "),
    access_token_format: entry.access_token_format,
    access_token_ttl_seconds: entry.access_token_ttl_seconds ?? null,
    refresh_idle_ttl_seconds: entry.refresh_idle_ttl_seconds ?? null,
    refresh_absolute_ttl_seconds: entry.refresh_absolute_ttl_seconds ?? null,
    disabled: entry.disabled ? 1 : 0,
  };
  if (row === undefined) {
    return {
      applied: { kind: "client", name, change: "created" },
      write: { kind: "insert_client", clientId: name, fields },
    };
  }
  const changed = changedFields(fields, row);
  if (changed === null)
    return { applied: { kind: "client", name, change: "unchanged" }, write: null };
  return {
    applied: { kind: "client", name, change: "updated" },
    write: {
      kind: "update_client",
      clientId: name,
      fields: changed,
      endsSessions: changed.disabled === 1,
    },
  };
}

type SecretFields = Pick<
  ClientFields,
  "secret_record" | "previous_secret_record" | "previous_secret_ends_at_ms"
>;

/** A new secret replaces both of the old ones at once; the same one leaves the records alone. */
async function secretFields(
  entry: ClientEntry,
  row: ClientRow | undefined,
  clientSecrets: Passwords,
): Promise<SecretFields> {
  const none = { previous_secret_record: null, previous_secret_ends_at_ms: null };
  if (!hasSecret(entry)) return { secret_record: null, ...none };
  const kept: SecretFields = {
    secret_record: row?.secret_record ?? null,
    previous_secret_record: row?.previous_secret_record ?? null,
    previous_secret_ends_at_ms: row?.previous_secret_ends_at_ms ?? null,
  };
  if (entry.client_secret === undefined) return kept;
  const records = kept.secret_record === null ? [] : [kept.secret_record];
  const { matched } = await clientSecrets.check(entry.client_secret, records);
  if (matched !== null) return kept;
  return { secret_record: await clientSecrets.makeRecord(entry.client_secret), ...none };
}

async function userStep(
  entry: UserEntry,
  row: UserRow | undefined,
  tools: ApplyTools,
): Promise<Step> {
  const name = entry.username;
  const fields: UserFields = {
    password_record: await passwordRecord(entry, row, tools.userPasswords),
    claims: JSON.stringify(entry.claims),
    is_active: entry.is_active ? 1 : 0,
  };
  if (row === undefined) {
    return {
      applied: { kind: "user", name, change: "created" },
      write: { kind: "insert_user", id: tools.newUserId(), username: name, fields },
    };
  }
  const changed = changedFields(fields, row);
  if (changed === null)
    return { applied: { kind: "user", name, change: "unchanged" }, write: null };
  return {
    applied: { kind: "user", name, change: "updated" },
    write: {
      kind: "update_user",
      username: name,
      fields: changed,
      endsSessions: changed.password_record !== undefined || changed.is_active === 0,
    },
  };
}

async function passwordRecord(
  entry: UserEntry,
  row: UserRow | undefined,
  userPasswords: Passwords,
): Promise<string> {
  if (entry.password === undefined) return row?.password_record ?? UNUSABLE;
  if (row !== undefined) {
    const { matched } = await userPasswords.check(entry.password, [row.password_record]);
    if (matched !== null) return row.password_record;
  }
  return userPasswords.makeRecord(entry.password);
}

/** @returns the fields that differ from the row, or null when none does */
function changedFields<Fields extends object>(wanted: Fields, row: Fields): Partial<Fields> | null {
  const changed = Object.entries(wanted).filter(([field, value]) => {
    return row[field as keyof Fields] !== value;
  });
  return changed.length === 0 ? null : (Object.fromEntries(changed) as Partial<Fields>);
}
