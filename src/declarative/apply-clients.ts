import type { AdminDeps } from "../admin/deps.ts";
import { clientContradictions, needsSecret } from "../admin/entries.ts";
import type { ClientEntry } from "../admin/entry-schemas.ts";
import {
  clientEntryOf,
  clientFieldsOf,
  NO_SECRETS,
  type SecretFields,
  secretFieldsOf,
} from "../admin/registry-rows.ts";
import type { Passwords } from "../crypto/passwords.ts";
import { invalid } from "../errors/management-error.ts";
import type { ClientRow } from "../storage/clients.ts";
import type { ClientColumns } from "../storage/registry.ts";
import type { FileClient, NamedFields } from "./registry-file.ts";

/** One client of a file, and its row if there is one. */
interface Asked {
  readonly entry: FileClient;
  readonly named: NamedFields;
  readonly row: ClientRow | undefined;
}

/** What a client is to have, before the record of a new secret is made. */
export interface ClientChange {
  readonly columns: Omit<ClientColumns, keyof SecretFields>;
  readonly secrets: SecretFields;
  /** Takes the place of `secrets.secret_record` once it is hashed; null: there is none. */
  readonly newSecret: string | null;
}

/** What is wrong with a record of another service. */
export const UNREADABLE =
  "is no record that this service can read; is PASSWORD_PEPPER the one it needs?";

/** Whether passwords can be checked against a record, if there is one. */
export async function isReadable(
  record: string | undefined,
  passwords: Passwords,
): Promise<boolean> {
  return record === undefined || (await passwords.canRead(record));
}

/**
 * Decides what becomes of a client. Fields that the file does not name stay as they are.
 *
 * @param place begins the place of every problem
 * @throws ManagementError `invalid` when the file does not fit to the client
 */
export async function decideClient(
  { entry, named, row }: Asked,
  place: string,
  { clientSecrets }: Pick<AdminDeps, "clientSecrets">,
): Promise<ClientChange> {
  const wanted = row === undefined ? entry : merged(entry, named, row);
  const problems = row === undefined ? [] : clientContradictions(wanted);
  const secret = entry.client_secret ?? (row?.secret_record ? undefined : entry.initial_secret);
  if (needsSecret(wanted) && !secret && !entry.secret_record && !row?.secret_record) {
    problems.push("client_secret: a new confidential client needs one");
  }
  if (problems.length > 0) throw invalid(...problems.map((problem) => place + problem));
  const columns = clientFieldsOf(wanted);
  if (entry.secret_record !== undefined) {
    return { columns, secrets: secretFieldsOf(entry), newSecret: null };
  }
  // An imported public client may have a secret, which a silent file leaves alone.
  const isMethodNew = wanted.token_endpoint_auth_method !== row?.token_endpoint_auth_method;
  if (!needsSecret(wanted) && isMethodNew) return { columns, secrets: NO_SECRETS, newSecret: null };
  const kept: SecretFields = {
    secret_record: row?.secret_record ?? null,
    previous_secret_record: row?.previous_secret_record ?? null,
    previous_secret_ends_at_ms: row?.previous_secret_ends_at_ms ?? null,
  };
  // A file may still have the secret from before a rotation. It is not brought back if it ended.
  const records = [kept.secret_record, kept.previous_secret_record].filter((one) => one !== null);
  const isKnown =
    secret === undefined || (await clientSecrets.check(secret, records)).matched !== null;
  if (isKnown) return { columns, secrets: kept, newSecret: null };
  // A file that is older than the last rotation would end a secret that is in use.
  if (kept.previous_secret_record !== null) throw invalid(`${place}client_secret: ${ROTATED}`);
  return { columns, secrets: NO_SECRETS, newSecret: secret };
}

const ROTATED =
  "is neither the client's secret nor the one before it, and the secret was rotated by a command." +
  " Write the present one, or leave the field out. To make this one the secret, use " +
  "`client rotate-secret ID --secret-stdin`";

/** The client as it is, with what the file names put over it. */
function merged(entry: FileClient, named: NamedFields, row: ClientRow): ClientEntry {
  const { secret_record, previous_secret_record, previous_secret_ends_at, ...old } =
    clientEntryOf(row);
  const wanted: Record<string, unknown> = { ...old };
  for (const field of named) wanted[field] = entry[field as keyof FileClient];
  // What only the old method has goes with it.
  const isMethodNew = wanted["token_endpoint_auth_method"] !== row.token_endpoint_auth_method;
  if (isMethodNew && !named.has("jwks")) delete wanted["jwks"];
  return wanted as ClientEntry;
}
