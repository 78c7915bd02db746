import type { DeletedAccount } from "../storage/deleted-accounts.ts";
import type { ExistingUser } from "../storage/import-store.ts";
import { referenceTo } from "./dump-record.ts";
import { deletedEndMs, endedMsOf, type KnownUser, WAS_DELETED } from "./known-accounts.ts";
import type { DumpedUser } from "./users.ts";

/** Users after the decision, by primary key and by natural key. */
export type DecidedUsers = ReadonlyMap<string, KnownUser>;

/** Existing data with the name or id of a user. */
export interface ExistingAccounts {
  readonly named: ExistingUser | undefined;
  readonly keyed: ExistingUser | undefined;
  /** Whether another user of the dump has the same name by the setting USERNAMES. */
  readonly isRepeated: boolean;
  /** A deleted user with that id or name. */
  readonly deleted: DeletedAccount | undefined;
  /** Whether a client has the id. */
  readonly isClient: boolean;
}

/** A user who is not imported, like everything that refers to the user. */
export function refusedUser(isActive: boolean): KnownUser {
  return { ...UNTOUCHED, id: "", fate: "refused", isActive };
}

/** A user to create. */
export function newUser(
  id: string,
  { is_active }: DumpedUser,
  deleted: DeletedAccount | undefined,
): KnownUser {
  const endedMs = deletedEndMs(deleted);
  return { ...UNTOUCHED, id, fate: "new", isActive: is_active === 1, endedMs };
}

const UNTOUCHED = { isDisabled: false, endedMs: 0 };

/** The natural key of a user: a list with the name. */
export function naturalKeyOf(username: string): string {
  return referenceTo([username]) ?? "";
}

/** Why a user conflicts with the dump or with existing data, or null. */
export function conflictOf(
  { id, username }: DumpedUser,
  decided: DecidedUsers,
  { named, keyed, deleted, isClient, isRepeated }: ExistingAccounts,
  restoresDeleted: boolean,
): string | null {
  if (decided.has(naturalKeyOf(username))) return "duplicate name in the dump";
  if (isRepeated) return "duplicate name in the dump, in another case; see USERNAMES";
  if (id !== null && decided.has(id)) return "duplicate primary key in the dump";
  if (named !== undefined && id !== null && named.id !== id) {
    return "this name already exists with another id";
  }
  const isForeign = keyed !== undefined && keyed.id !== named?.id;
  if (isForeign) return "its id already exists with another name";
  if (named !== undefined) return null;
  if (isClient) return "its id belongs to a client";
  return deleted !== undefined && !restoresDeleted ? WAS_DELETED : null;
}

/** An existing user, who stays unchanged. */
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

/** Differences between the dump and an existing user, who stays unchanged. */
export function differencesOf({ is_active }: DumpedUser, row: ExistingUser): string[] {
  if (is_active === row.is_active) return [];
  return [
    is_active === 0 ? "inactive in the dump, active here" : "active in the dump, inactive here",
  ];
}
