import { toBase64Url } from "../crypto/bytes.ts";
import type { Passwords } from "../crypto/passwords.ts";
import type { Random } from "../crypto/random.ts";
import { invalid } from "../errors/management-error.ts";
import type { ClientRow } from "../storage/clients.ts";
import { changeClient } from "./change-client.ts";
import type { AdminDeps } from "./deps.ts";
import { parseClientEntry } from "./entries.ts";
import type { SecretFields } from "./registry-rows.ts";
import { updateOfClient } from "./row-changes.ts";

/** A client and its new secret, which is shown this once. Null: nothing new to show. */
export interface ClientSecret {
  readonly clientId: string;
  readonly secret: string | null;
}

/** Prefix of a secret that is made here, for scanners that look for leaked ones. */
export const SECRET_PREFIX = "tgs_";

/** Length of a secret that is made here, in bytes. */
const SECRET_BYTES = 32;

/**
 * The end of a secret that a command ended at once. Its record stays, so that `apply` knows the
 * secret when an older file has it, and does not bring it back.
 */
const ENDED_AT_MS = 0;

/** How {@link rotateClientSecret} goes about it. */
export interface SecretRotation {
  /** A secret that the client brings; null: one is made. */
  readonly secret: string | null;
  /** Until when the old secret is valid too. Null: until the next rotation, or until dropped. */
  readonly oldEndsAtMs: number | null;
  /** The old secret ends at once. */
  readonly endsOld: boolean;
}

/**
 * Gives a client a new secret, beside which the old one stays valid. The one before the old one
 * ends at once.
 *
 * @throws ManagementError `not_found`, `invalid` or `changed`
 */
export function rotateClientSecret(
  clientId: string,
  rotation: SecretRotation,
  deps: AdminDeps,
): Promise<ClientSecret> {
  return changeClient(clientId, deps, async (row) => {
    const old = requireSecret(row);
    const { client_id, client_secret = makeSecret(deps.random) } = parseClientEntry({
      client_id: clientId,
      ...(rotation.secret === null ? {} : { client_secret: rotation.secret }),
    });
    await refuseSame(client_secret, old, deps.clientSecrets);
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
 * Ends the secret from before the last rotation.
 *
 * @throws ManagementError `not_found`, `changed`, or `invalid` when there is no such secret
 */
export function dropPreviousSecret(clientId: string, deps: AdminDeps): Promise<void> {
  return changeClient(clientId, deps, async (row) => {
    if (!hasPreviousSecret(row)) throw invalid("the client has no previous secret");
    const write = updateOfClient(row, { ...row, previous_secret_ends_at_ms: ENDED_AT_MS });
    return { write, result: undefined };
  });
}

/** Whether the secret from before the last rotation may still be valid. */
export function hasPreviousSecret(row: SecretFields): boolean {
  return row.previous_secret_record !== null && row.previous_secret_ends_at_ms !== ENDED_AT_MS;
}

/** Makes a secret of 256 bits. */
export function makeSecret(random: Random): string {
  return SECRET_PREFIX + toBase64Url(random(SECRET_BYTES));
}

function requireSecret(row: ClientRow): string {
  const method = row.token_endpoint_auth_method;
  if (row.secret_record !== null) return row.secret_record;
  throw invalid(`a client of method "${method}" has no secret`);
}

/** The same secret twice would not end when the old one is said to. */
async function refuseSame(secret: string, old: string, passwords: Passwords): Promise<void> {
  const { matched } = await passwords.check(secret, [old]);
  if (matched !== null) throw invalid("client_secret: is the secret that the client has now");
}
