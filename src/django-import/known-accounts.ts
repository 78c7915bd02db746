import type { DeletedAccount } from "../storage/deleted-accounts.ts";

/** A user of the dump, after the decision whether to import it. */
export interface KnownUser {
  /** `users.id`. */
  readonly id: string;
  /** `refused`: its tokens are rejected too. */
  readonly fate: "new" | "kept" | "refused";
  /** On the old server. */
  readonly isActive: boolean;
  /** In this service. */
  readonly isDisabled: boolean;
  /** Sessions that began earlier were ended here. Milliseconds since the epoch. */
  readonly endedMs: number;
}

/** A client of the dump, after the decision whether to import it. */
export interface KnownClient {
  readonly clientId: string;
  readonly fate: "new" | "kept" | "refused";
  readonly isDisabled: boolean;
  /** Null: the setting of the service. */
  readonly refreshIdleSeconds: number | null;
  readonly endedMs: number;
}

/** The timestamps of an existing row. */
interface Dated {
  readonly not_before_ms: number;
  readonly created_at_ms: number;
}

/**
 * When the sessions of an account were last ended here, or 0. Creating the row does not count:
 * tokens of the old server may be older than it.
 */
export function endedMsOf({ not_before_ms, created_at_ms }: Dated): number {
  return not_before_ms > created_at_ms ? not_before_ms : 0;
}

/** Why an account that was deleted here is not imported. */
export const WAS_DELETED = "was deleted here; use --restore-deleted to import it again";

/** When the sessions of a deleted account ended, or 0 if it was not deleted. */
export function deletedEndMs(deleted: DeletedAccount | undefined): number {
  return deleted === undefined ? 0 : deleted.deleted_at_ms + 1;
}

/**
 * Why a token is rejected, or null when it can be imported.
 *
 * @param user undefined: unknown; null: the client acts for itself
 */
export function refusalOfToken(
  createdMs: number,
  client: KnownClient | undefined,
  user: KnownUser | null | undefined,
): string | null {
  if (client === undefined) return "its client is not in the dump";
  if (client.fate === "refused") return "its client was not imported";
  if (user === undefined) return "its user is not in the dump";
  if (user?.fate === "refused") return "its user was not imported";
  if (client.isDisabled) return "its client is disabled here";
  if (user?.isActive === false) return "its user is inactive";
  if (user?.isDisabled === true) return "its user is disabled here";
  const endedMs = Math.max(client.endedMs, user?.endedMs ?? 0);
  return createdMs < endedMs ? "its session was ended here since" : null;
}
