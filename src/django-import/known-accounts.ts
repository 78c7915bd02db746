import type { DeletedAccount } from "../storage/deleted-accounts.ts";

/** What is known of a user of the dump once it is decided what becomes of it. */
export interface KnownUser {
  /** `users.id`. */
  readonly id: string;
  /** `refused`: tokens of it are too. */
  readonly fate: "new" | "kept" | "refused";
  /** There. */
  readonly isActive: boolean;
  /** Here. */
  readonly isDisabled: boolean;
  /** Sessions that began before were ended here. */
  readonly endedMs: number;
}

/** What is known of a client of the dump once it is decided what becomes of it. */
export interface KnownClient {
  readonly clientId: string;
  readonly fate: "new" | "kept" | "refused";
  readonly isDisabled: boolean;
  /** Null: the service's setting. */
  readonly refreshIdleSeconds: number | null;
  readonly endedMs: number;
}

/** A row that is here already, and since when. */
interface Dated {
  readonly not_before_ms: number;
  readonly created_at_ms: number;
}

/**
 * When the sessions of an account were last ended here, or 0. That a row was made ends nothing:
 * tokens of another server may well be older than it.
 */
export function endedMsOf({ not_before_ms, created_at_ms }: Dated): number {
  return not_before_ms > created_at_ms ? not_before_ms : 0;
}

/** Why an account that was deleted here is not brought back. */
export const WAS_DELETED = "was deleted here: --restore-deleted brings it back";

/** When the sessions of an account ended that was deleted here, or 0 for one that was not. */
export function deletedEndMs(deleted: DeletedAccount | undefined): number {
  return deleted === undefined ? 0 : deleted.deleted_at_ms + 1;
}

/**
 * Why a token of a user and a client cannot be taken, or null when it can.
 *
 * @param user undefined: it is unknown; null: the client acts for itself
 */
export function refusalOfToken(
  createdMs: number,
  client: KnownClient | undefined,
  user: KnownUser | null | undefined,
): string | null {
  if (client === undefined) return "its client is not in the dump";
  if (client.fate === "refused") return "its client was refused";
  if (user === undefined) return "its user is not in the dump";
  if (user?.fate === "refused") return "its user was refused";
  if (client.isDisabled) return "its client is disabled here";
  if (user?.isActive === false) return "its user is inactive";
  if (user?.isDisabled === true) return "its user is disabled here";
  const endedMs = Math.max(client.endedMs, user?.endedMs ?? 0);
  return createdMs < endedMs ? "its session was ended here since" : null;
}
