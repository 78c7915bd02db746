import type { ClientRow, SecretColumns } from "../clients/client.ts";
import { type Random, toBase64Url } from "../crypto/bytes.ts";
import type { Passwords } from "../crypto/passwords.ts";
import { invalid } from "../errors/management-error.ts";
import { CLIENT_SECRET_PREFIX } from "../protocol/names.ts";
import { changeClient, requireOperators } from "./change-client.ts";
import type { AdminDeps } from "./deps.ts";
import { parseClientEntry } from "./entries.ts";
import { updateOfClient } from "./row-changes.ts";

/** A client and its new secret, which is shown once; null: no new secret. */
export interface ClientSecret {
  readonly clientId: string;
  readonly secret: string | null;
}

/** Length of a generated secret, in bytes. */
const SECRET_BYTES = 32;

/**
 * Expiry of a previous secret that was ended immediately. Its hash is kept, so that `apply`
 * recognizes the secret in an older file and does not restore it.
 */
const ENDED_AT_MS = 0;

/** Options of {@link rotateClientSecret}. */
export interface SecretRotation {
  /** The new secret; null: generate one. */
  readonly secret: string | null;
  /** When the old secret expires. Null: at the next rotation, or when it is dropped. */
  readonly oldEndsAtMs: number | null;
  /** Ends the old secret immediately. */
  readonly endsOld: boolean;
}

/**
 * Gives a client a new secret. The old secret stays valid; the one before it ends immediately.
 *
 * @throws ManagementError `not_found`, `invalid` or `changed`
 */
export function rotateClientSecret(
  clientId: string,
  rotation: SecretRotation,
  deps: AdminDeps,
): Promise<ClientSecret> {
  return changeClient(clientId, deps, async (row) => {
    requireOperators(row);
    const old = requireSecret(row);
    const { client_id, client_secret = makeSecret(deps.random) } = parseClientEntry({
      client_id: clientId,
      ...(rotation.secret === null ? {} : { client_secret: rotation.secret }),
    });
    await requireDifferent(client_secret, old, deps.clientSecrets);
    const { oldEndsAtMs, endsOld } = rotation;
    const previous = {
      previous_secret_record: old,
      previous_secret_ends_at_ms: endsOld ? ENDED_AT_MS : oldEndsAtMs,
    };
    const sibling = endsOld ? undefined : old;
    const record = await deps.clientSecrets.makeHash(client_secret, sibling);
    const write = updateOfClient(row, { ...row, ...previous, secret_record: record });
    return { write, result: { clientId: client_id, secret: client_secret } };
  });
}

/**
 * Ends the secret before the last rotation.
 *
 * @throws ManagementError `not_found`, `changed`, or `invalid` when there is no previous secret
 */
export function dropPreviousSecret(clientId: string, deps: AdminDeps): Promise<void> {
  return changeClient(clientId, deps, async (row) => {
    requireOperators(row);
    if (!hasPreviousSecret(row)) throw invalid("the client has no previous secret");
    const write = updateOfClient(row, { ...row, previous_secret_ends_at_ms: ENDED_AT_MS });
    return { write, result: undefined };
  });
}

/** Whether the secret before the last rotation may still be valid. */
export function hasPreviousSecret(row: SecretColumns): boolean {
  return row.previous_secret_record !== null && row.previous_secret_ends_at_ms !== ENDED_AT_MS;
}

/** Generates a secret of 256 bits. */
export function makeSecret(random: Random): string {
  return CLIENT_SECRET_PREFIX + toBase64Url(random(SECRET_BYTES));
}

function requireSecret(row: ClientRow): string {
  const method = row.token_endpoint_auth_method;
  if (row.secret_record !== null) return row.secret_record;
  throw invalid(`a client with authentication method "${method}" has no secret`);
}

/** Otherwise the old secret would stay valid after its expiry. */
async function requireDifferent(secret: string, old: string, passwords: Passwords): Promise<void> {
  const { matched } = await passwords.check(secret, [old]);
  if (matched !== null) throw invalid("client_secret: is the current secret; use a different one");
}
