import type { ClientRow } from "../storage/account-rows.ts";
import { type Page, RegistryConflict, type RegistryWrite } from "../storage/registry.ts";
import { changeClient, findClient, notFound } from "./change-client.ts";
import { type ClientSecret, makeSecret } from "./client-secrets.ts";
import { type ClientEntry, parseClientEntry, usesSecret } from "./entries.ts";
import { invalid, ManagementError } from "./management-error.ts";
import { clientEntryOf, clientFieldsOf, instantOf, NO_SECRETS } from "./registry-rows.ts";
import { updateOfClient } from "./row-changes.ts";
import type { ManagementTools } from "./tools.ts";

/** A client as it is shown: all that its file entry has but the records, and a few instants. */
export interface ClientView
  extends Omit<ClientEntry, "client_secret" | "secret_record" | "previous_secret_record"> {
  readonly has_secret: boolean;
  /** The secret before the last rotation is valid too; see `previous_secret_ends_at`. */
  readonly has_previous_secret: boolean;
  readonly created_at: string;
  /** Sessions that began before have ended. */
  readonly sessions_valid_from: string;
}

/** What stays as it is, or is changed by a rotation alone. */
const FIXED_FIELDS = [
  ...["client_id", "client_secret", "secret_record"],
  ...["previous_secret_record", "previous_secret_ends_at"],
];

/**
 * Makes a client, and a secret for it unless it brings one or needs none.
 *
 * @param input as in a file; anything may be wrong with it
 * @throws ManagementError `invalid` or `already_exists`
 */
export async function createClient(input: object, tools: ManagementTools): Promise<ClientSecret> {
  const entry = parseClientEntry(input);
  const clientId = entry.client_id;
  const secret = usesSecret(entry) ? (entry.client_secret ?? makeSecret(tools.random)) : null;
  const record = secret === null ? null : await tools.clientSecrets.makeRecord(secret);
  const fields = { ...clientFieldsOf(entry), ...NO_SECRETS, secret_record: record };
  await insert({ kind: "insert_client", clientId, fields }, tools);
  return { clientId, secret };
}

/** Shows clients by id, one page. */
export async function listClients(page: Page, tools: ManagementTools): Promise<ClientView[]> {
  return (await tools.registry.listClients(page)).map(viewOf);
}

/** @throws ManagementError `not_found` */
export async function showClient(clientId: string, tools: ManagementTools): Promise<ClientView> {
  return viewOf(await findClient(clientId, tools));
}

/**
 * Changes fields of a client. One that turns to a method with a secret gets a new secret.
 *
 * @param changes as in a file; undefined takes a field back to its default
 * @throws ManagementError `not_found`, `invalid` or `changed`
 */
export async function updateClient(
  clientId: string,
  changes: object,
  tools: ManagementTools,
): Promise<ClientSecret> {
  const fixed = FIXED_FIELDS.filter((field) => field in changes);
  if (fixed.length > 0) throw invalid(...fixed.map((field) => `${field}: no update changes it`));
  return changeClient(clientId, tools, async (row) => {
    const { secret_record, previous_secret_record, previous_secret_ends_at, ...old } =
      clientEntryOf(row);
    const wanted: Record<string, unknown> = { ...old, ...changes };
    // What only the old method has goes with it.
    const isMethodNew = wanted["token_endpoint_auth_method"] !== row.token_endpoint_auth_method;
    if (isMethodNew && !("jwks" in changes)) delete wanted["jwks"];
    const entry = parseClientEntry(wanted);
    const needsSecret = usesSecret(entry) && row.secret_record === null;
    const secret = needsSecret ? makeSecret(tools.random) : null;
    const kept = usesSecret(entry) ? row : NO_SECRETS;
    const secrets = {
      secret_record:
        secret === null ? kept.secret_record : await tools.clientSecrets.makeRecord(secret),
      previous_secret_record: kept.previous_secret_record,
      previous_secret_ends_at_ms: kept.previous_secret_ends_at_ms,
    };
    const write = updateOfClient(row, { ...clientFieldsOf(entry), ...secrets });
    return { write, result: { clientId, secret } };
  });
}

/**
 * Disables a client, which ends every session of it, or enables it again.
 *
 * @throws ManagementError `not_found` or `changed`
 */
export function setClientDisabled(
  clientId: string,
  isDisabled: boolean,
  tools: ManagementTools,
): Promise<void> {
  return changeClient(clientId, tools, async (row) => {
    const write = updateOfClient(row, { ...row, disabled: isDisabled ? 1 : 0 });
    return { write, result: undefined };
  });
}

/** Deletes a client, which ends every session of it. @throws ManagementError `not_found` */
export async function deleteClient(clientId: string, tools: ManagementTools): Promise<void> {
  try {
    await tools.registry.write([{ kind: "delete_client", clientId }]);
  } catch (error) {
    if (error instanceof RegistryConflict) throw notFound(clientId);
    throw error;
  }
}

async function insert(
  write: Extract<RegistryWrite, { kind: "insert_client" }>,
  { registry }: ManagementTools,
): Promise<void> {
  try {
    await registry.write([write]);
  } catch (error) {
    if (!(error instanceof RegistryConflict)) throw error;
    throw new ManagementError("already_exists", { kind: "client", name: write.clientId });
  }
}

function viewOf(row: ClientRow): ClientView {
  const { secret_record, previous_secret_record, ...entry } = clientEntryOf(row);
  return {
    ...entry,
    has_secret: secret_record !== undefined,
    has_previous_secret: previous_secret_record !== undefined,
    created_at: instantOf(row.created_at_ms),
    sessions_valid_from: instantOf(row.not_before_ms),
  };
}
