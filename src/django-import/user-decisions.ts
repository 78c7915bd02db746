import type { DeletedAccount } from "../storage/deleted-accounts.ts";
import type { ExistingUser } from "../storage/import-store.ts";
import { referenceTo } from "./dump-record.ts";
import { deletedEndMs, endedMsOf, type KnownUser, WAS_DELETED } from "./known-accounts.ts";
import type { DumpedUser } from "./users.ts";

/** Users of a dump who are decided on, by key and by what stands for them. */
export type DecidedUsers = ReadonlyMap<string, KnownUser>;

/** Who is here already with a user's name, and with the id. */
export interface Standing {
  readonly named: ExistingUser | undefined;
  readonly keyed: ExistingUser | undefined;
  /** Whether another of the dump has the name, by the setting USERNAMES. */
  readonly isRepeated: boolean;
  /** A user of that id or name who was deleted here. */
  readonly deleted: DeletedAccount | undefined;
  /** Whether a client has the id. */
  readonly isClient: boolean;
}

/** A user of the dump who is not taken, nor anything that refers to it. */
export function refusedUser(isActive: boolean): KnownUser {
  return { ...UNTOUCHED, id: "", fate: "refused", isActive };
}

/** A user who was not here yet. */
export function newUser(
  id: string,
  { is_active }: DumpedUser,
  deleted: DeletedAccount | undefined,
): KnownUser {
  const endedMs = deletedEndMs(deleted);
  return { ...UNTOUCHED, id, fate: "new", isActive: is_active === 1, endedMs };
}

const UNTOUCHED = { isDisabled: false, endedMs: 0 };

/** What stands for a user with `--natural-foreign`: a list of the name alone. */
export function naturalKeyOf(username: string): string {
  return referenceTo([username]) ?? "";
}

/** Why a user cannot be taken beside those of the dump and of here, or null when it can. */
export function conflictOf(
  { id, username }: DumpedUser,
  decided: DecidedUsers,
  { named, keyed, deleted, isClient, isRepeated }: Standing,
  restoresDeleted: boolean,
): string | null {
  if (decided.has(naturalKeyOf(username))) return "another of the dump has this name";
  if (isRepeated) return "another of the dump has this name in another case; see USERNAMES";
  if (id !== null && decided.has(id)) return "another of the dump has its key";
  if (named !== undefined && id !== null && named.id !== id) {
    return "this name is here with another id";
  }
  const isForeign = keyed !== undefined && keyed.id !== named?.id;
  if (isForeign) return "its id is here with another name";
  if (named !== undefined) return null;
  if (isClient) return "its id is a client's here";
  return deleted !== undefined && !restoresDeleted ? WAS_DELETED : null;
}

/** A user who is here already, and is left as it is. */
export function keptUser({ is_active }: DumpedUser, row: ExistingUser): KnownUser {
  const isDisabled = row.is_active === 0;
  return {
    id: row.id,
    fate: "kept",
    isActive: is_active === 1,
    isDisabled,
    endedMs: endedMsOf(row),
  };
}

/** What of a user is otherwise here, and stays so. */
export function differencesOf({ is_active }: DumpedUser, row: ExistingUser): string[] {
  if (is_active === row.is_active) return [];
  return [is_active === 0 ? "inactive there and active here" : "active there and inactive here"];
}
