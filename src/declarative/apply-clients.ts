import type { AdminDeps } from "../admin/deps.ts";
import { clientContradictions } from "../admin/entries.ts";
import type { ClientEntry } from "../admin/entry-schemas.ts";
import {
  clientEntryOf,
  clientFieldsOf,
  NO_SECRETS,
  secretFieldsOf,
} from "../admin/registry-rows.ts";
import type { ClientRow, FieldColumns, SecretColumns } from "../clients/client.ts";
import type { Passwords } from "../crypto/passwords.ts";
import { invalid } from "../errors/management-error.ts";
import { needsSecret } from "../protocol/names.ts";
import type { FileClient, NamedFields } from "./registry-file.ts";

/** A client of a file, with its current row. */
interface FileClientState {
  readonly entry: FileClient;
  readonly named: NamedFields;
  readonly row: ClientRow | undefined;
}

/** The new state of a client, before a new secret is hashed. */
export interface ClientChange {
  readonly columns: FieldColumns;
  readonly secrets: SecretColumns;
  /** Replaces `secrets.secret_record` after it is hashed; null: no new secret. */
  readonly newSecret: string | null;
}

/** The problem with a hash that this service cannot verify. */
export const UNREADABLE = "is not a hash that this service can verify; check PASSWORD_PEPPER";

/** Whether a hash is undefined or can be verified. */
export async function isReadable(
  record: string | undefined,
  passwords: Passwords,
): Promise<boolean> {
  return record === undefined || (await passwords.canRead(record));
}

/**
 * Decides how to change a client. Fields that the file does not contain stay unchanged.
 *
 * @param place prefix of every problem
 * @throws ManagementError `invalid` when the file contradicts the client's current state
 */
export async function decideClient(
  { entry, named, row }: FileClientState,
  place: string,
  { clientSecrets }: Pick<AdminDeps, "clientSecrets">,
): Promise<ClientChange> {
  const wanted = row === undefined ? entry : merged(entry, named, row);
  const hasSecret = needsSecret(wanted.token_endpoint_auth_method);
  const problems = row === undefined ? [] : clientContradictions(wanted);
  const secret = entry.client_secret ?? (row?.secret_record ? undefined : entry.initial_secret);
  if (hasSecret && !secret && !entry.secret_record && !row?.secret_record) {
    problems.push("client_secret: required for a new confidential client");
  }
  if (problems.length > 0) throw invalid(...problems.map((problem) => place + problem));
  const columns = clientFieldsOf(wanted);
  const kept: SecretColumns = {
    secret_record: row?.secret_record ?? null,
    previous_secret_record: row?.previous_secret_record ?? null,
    previous_secret_ends_at_ms: row?.previous_secret_ends_at_ms ?? null,
  };
  if (entry.secret_record !== undefined) {
    const secrets = isCurrent(entry, row) ? kept : secretFieldsOf(entry);
    return { columns, secrets, newSecret: null };
  }
  // An imported public client may have a secret; keep it unless the file changes the method.
  const isMethodNew = wanted.token_endpoint_auth_method !== row?.token_endpoint_auth_method;
  if (!hasSecret && isMethodNew) return { columns, secrets: NO_SECRETS, newSecret: null };
  // A file may contain the secret before the last rotation. Do not restore it if it has ended.
  const records = [kept.secret_record, kept.previous_secret_record].filter((one) => one !== null);
  const isKnown =
    secret === undefined || (await clientSecrets.check(secret, records)).matched !== null;
  if (isKnown) return { columns, secrets: kept, newSecret: null };
  // A file that is older than the last rotation would replace a secret that is in use.
  if (kept.previous_secret_record !== null) throw invalid(`${place}client_secret: ${ROTATED}`);
  return { columns, secrets: NO_SECRETS, newSecret: secret };
}

/** Whether a hash is from before the last rotation, or is current and the file has no other. */
function isCurrent(entry: FileClient, row: ClientRow | undefined): boolean {
  const { secret_record: record, previous_secret_record: previous } = entry;
  if (record === row?.previous_secret_record) return true;
  return record === row?.secret_record && previous === undefined;
}

const ROTATED =
  "differs from the current and the previous secret, and a command has rotated the secret. " +
  "Use the current secret or omit the field. To set this secret, run " +
  "`client rotate-secret ID --secret-stdin`";

/** The current client, overridden by the fields of the file. */
function merged(entry: FileClient, named: NamedFields, row: ClientRow): ClientEntry {
  const { secret_record, previous_secret_record, previous_secret_ends_at, ...old } =
    clientEntryOf(row);
  const wanted: Record<string, unknown> = { ...old };
  for (const field of named) wanted[field] = entry[field as keyof FileClient];
  // Keys belong to the old method only.
  const isMethodNew = wanted["token_endpoint_auth_method"] !== row.token_endpoint_auth_method;
  if (isMethodNew && !named.has("jwks")) delete wanted["jwks"];
  return wanted as ClientEntry;
}
