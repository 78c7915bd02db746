import type { ClientRegistration, ClientRow } from "../clients/client.ts";
import { isUnregistered } from "../clients/policy.ts";
import { invalid, ManagementError } from "../errors/management-error.ts";
import { needsSecret } from "../protocol/names.ts";
import { type PageRange, RegistryConflict, type RegistryWrite } from "../storage/registry.ts";
import { idOf } from "./all-rows.ts";
import { changeClient, findClient, notFound, requireOperators } from "./change-client.ts";
import { type ClientSecret, hasPreviousSecret, makeSecret } from "./client-secrets.ts";
import type { AdminDeps } from "./deps.ts";
import { type ClientEntry, ID_OF_USER, parseClientEntry } from "./entries.ts";
import { type Listing, listPage } from "./listing.ts";
import { clientEntryOf, clientFieldsOf, instantOf, NO_SECRETS } from "./registry-rows.ts";
import { updateOfClient } from "./row-changes.ts";

/** A client as shown by the management API: its file entry without hashes, plus timestamps. */
export interface ClientView
  extends Omit<ClientEntry, "client_secret" | "secret_record" | "previous_secret_record"> {
  readonly has_secret: boolean;
  /** Whether the secret before the last rotation is also valid; see `previous_secret_ends_at`. */
  readonly has_previous_secret: boolean;
  /** `operator`, `dynamic` (RFC 7591), or `document`: its id is the URL of its metadata. */
  readonly registration: ClientRegistration;
  readonly created_at: string;
  /** Sessions that began earlier have ended. */
  readonly sessions_valid_from: string;
}

/** Fields that only files may contain, for example with hashes of another service. */
const RECORD_FIELDS = [
  "secret_record",
  "previous_secret_record",
  "previous_secret_ends_at",
] as const;

/** Fields that an update cannot change. */
const FIXED_FIELDS: readonly string[] = ["client_id", "client_secret", ...RECORD_FIELDS];

/** Fields of an update, in the format of a file. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * Creates a client, and generates a secret unless `input` contains one or the client needs none.
 *
 * @param input an unvalidated entry in the format of a file
 * @throws ManagementError `invalid` or `already_exists`
 */
export async function createClient(input: object, deps: AdminDeps): Promise<ClientSecret> {
  const entry = parseClientEntry(input);
  const records = RECORD_FIELDS.filter((field) => entry[field] !== undefined);
  if (records.length > 0)
    throw invalid(...records.map((field) => `${field}: only allowed in a file for apply`));
  const clientId = entry.client_id;
  const secret = needsSecret(entry.token_endpoint_auth_method)
    ? (entry.client_secret ?? makeSecret(deps.random))
    : null;
  const record = secret === null ? null : await deps.clientSecrets.makeHash(secret);
  const fields = { ...clientFieldsOf(entry), ...NO_SECRETS, secret_record: record };
  await insert({ kind: "insert_client", clientId, fields }, deps);
  return { clientId, secret };
}

/** Lists clients by id, one page. */
export function listClients(
  page: PageRange,
  { registry }: AdminDeps,
): Promise<Listing<ClientView>> {
  return listPage((some) => registry.listClients(some), page, idOf, viewOf);
}

/** @throws ManagementError `not_found` */
export async function showClient(clientId: string, deps: AdminDeps): Promise<ClientView> {
  return viewOf(await findClient(clientId, deps));
}

/**
 * Changes fields of a client. Generates a secret if the new authentication method needs one.
 *
 * @param changes in the format of a file; undefined resets a field to its default
 * @param merge combines the changes with the current fields; by default they replace whole fields
 * @throws ManagementError `not_found`, `invalid` or `changed`
 */
export async function updateClient(
  clientId: string,
  changes: Fields,
  deps: AdminDeps,
  merge: (old: Fields, changes: Fields) => Fields = (old, more) => ({ ...old, ...more }),
): Promise<ClientSecret> {
  const fixed = FIXED_FIELDS.filter((field) => field in changes);
  if (fixed.length > 0) throw invalid(...fixed.map((field) => `${field}: cannot be updated`));
  return changeClient(clientId, deps, async (row) => {
    requireOperators(row);
    const { secret_record, previous_secret_record, previous_secret_ends_at, ...old } =
      clientEntryOf(row);
    const wanted: Record<string, unknown> = { ...merge(old, changes) };
    // Keys belong to the old method only.
    const isMethodNew = wanted["token_endpoint_auth_method"] !== row.token_endpoint_auth_method;
    if (isMethodNew && !("jwks" in changes)) delete wanted["jwks"];
    const entry = parseClientEntry(wanted);
    const hasSecret = needsSecret(entry.token_endpoint_auth_method);
    const lacksSecret = hasSecret && row.secret_record === null;
    const secret = lacksSecret ? makeSecret(deps.random) : null;
    const kept = hasSecret || !isMethodNew ? row : NO_SECRETS;
    const secrets = {
      secret_record:
        secret === null ? kept.secret_record : await deps.clientSecrets.makeHash(secret),
      previous_secret_record: kept.previous_secret_record,
      previous_secret_ends_at_ms: kept.previous_secret_ends_at_ms,
    };
    const write = updateOfClient(row, { ...clientFieldsOf(entry), ...secrets });
    return { write, result: { clientId, secret } };
  });
}

/**
 * Disables a client and ends all of its sessions, or enables it again.
 *
 * @throws ManagementError `not_found` or `changed`
 */
export function setClientDisabled(
  clientId: string,
  isDisabled: boolean,
  deps: AdminDeps,
): Promise<void> {
  return changeClient(clientId, deps, async (row) => {
    const write = updateOfClient(row, { ...row, disabled: isDisabled ? 1 : 0 });
    return { write, result: undefined };
  });
}

/** Revokes all tokens of a client. @throws ManagementError `not_found` */
export function endClientSessions(clientId: string, deps: AdminDeps): Promise<void> {
  return writeExisting({ kind: "update_client", clientId, fields: {}, endsSessions: true }, deps);
}

/**
 * Deletes a client and ends all of its sessions. A client that no operator registered is disabled
 * instead: without its row, its id would be valid again.
 *
 * @throws ManagementError `not_found` or `changed`
 */
export async function deleteClient(clientId: string, deps: AdminDeps): Promise<void> {
  if (isUnregistered(await findClient(clientId, deps)))
    return setClientDisabled(clientId, true, deps);
  return writeExisting({ kind: "delete_client", clientId }, deps);
}

/** Makes a write that only requires the client to exist. */
async function writeExisting(
  write: Extract<RegistryWrite, { kind: "update_client" | "delete_client" }>,
  { registry }: AdminDeps,
): Promise<void> {
  try {
    await registry.write([write]);
  } catch (error) {
    if (error instanceof RegistryConflict) throw notFound(write.clientId);
    throw error;
  }
}

async function insert(
  write: Extract<RegistryWrite, { kind: "insert_client" }>,
  { registry }: AdminDeps,
): Promise<void> {
  try {
    await registry.write([write]);
  } catch (error) {
    if (!(error instanceof RegistryConflict)) throw error;
    const users = await registry.findUsersById([write.clientId]);
    if (users.size > 0) throw invalid(`client_id: ${ID_OF_USER}`);
    throw new ManagementError("already_exists", { kind: "client", name: write.clientId });
  }
}

function viewOf(row: ClientRow): ClientView {
  const { secret_record, previous_secret_record, previous_secret_ends_at, ...entry } =
    clientEntryOf(row);
  const hasPrevious = hasPreviousSecret(row);
  return {
    ...entry,
    ...(hasPrevious && previous_secret_ends_at !== undefined ? { previous_secret_ends_at } : {}),
    has_secret: secret_record !== undefined,
    has_previous_secret: hasPrevious,
    registration: row.registration,
    created_at: instantOf(row.created_at_ms),
    sessions_valid_from: instantOf(row.not_before_ms),
  };
}
