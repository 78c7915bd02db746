import { invalid, ManagementError } from "../errors/management-error.ts";
import { mergePatch } from "../protocol/merge-patch.ts";
import { normalizeUsername } from "../protocol/usernames.ts";
import { type PageRange, RegistryConflict, type UserColumns } from "../storage/registry.ts";
import { profileChangedMs, type UserKey, type UserRow } from "../storage/users.ts";
import { withoutStaleFlags } from "../users/profile.ts";
import { nameOf } from "./all-rows.ts";
import { changeUser, findUser } from "./change-user.ts";
import type { AdminDeps } from "./deps.ts";
import { parseUserEntry, SHARED_ID, type UserEntry } from "./entries.ts";
import { type Listing, listPage } from "./listing.ts";
import { makePassword, requireGoodPassword } from "./password-policy.ts";
import { instantOf, UNUSABLE_RECORD, userEntryOf } from "./registry-rows.ts";
import { changedFields } from "./row-changes.ts";

export type { UserKey } from "../storage/users.ts";

/** A user as shown by the management API: the file entry without the hash, plus timestamps. */
export interface UserView extends Omit<UserEntry, "id" | "password" | "password_record"> {
  readonly id: string;
  /** When the profile was last changed. */
  readonly profile_updated_at: string;
  /** False: the user cannot log in with a password. */
  readonly has_password: boolean;
  readonly created_at: string;
  /** Sessions that began earlier have ended. */
  readonly sessions_valid_from: string;
}

/** Fields that an update cannot change. */
const FIXED_FIELDS = ["id", "password", "password_record"];

/**
 * Creates a user. Without a password, the user cannot log in with one.
 *
 * @param input an unvalidated entry in the format of a file, without a hash
 * @returns the id, which is the subject of the user's tokens
 * @throws ManagementError `invalid` or `already_exists`
 */
export async function createUser(input: object, deps: AdminDeps): Promise<string> {
  const entry = parseUserEntry(input);
  const { password, username } = entry;
  if (entry.password_record !== undefined)
    throw invalid("password_record: only allowed in a file for apply");
  if (password !== undefined) requireGoodPassword(password, username, deps);
  const id = entry.id ?? deps.newUserId();
  const fields: UserColumns = {
    password_record:
      password === undefined ? UNUSABLE_RECORD : await deps.userPasswords.makeHash(password),
    claims: JSON.stringify(entry.claims),
    profile: JSON.stringify(entry.profile),
    is_active: entry.is_active ? 1 : 0,
  };
  try {
    await deps.registry.write([{ kind: "insert_user", id, username, fields }]);
  } catch (error) {
    if (!(error instanceof RegistryConflict)) throw error;
    if ((await deps.registry.findClients([id])).size > 0) throw invalid(`id: ${SHARED_ID}`);
    throw new ManagementError("already_exists", { kind: "user", name: username });
  }
  return id;
}

/** Lists users by name, one page. */
export function listUsers(page: PageRange, { registry }: AdminDeps): Promise<Listing<UserView>> {
  return listPage((some) => registry.listUsers(some), page, nameOf, viewOf);
}

/** @throws ManagementError `not_found` */
export async function showUser(key: UserKey, deps: AdminDeps): Promise<UserView> {
  return viewOf(await findUser(key, deps));
}

/** Fields of an update, in the format of a file. */
type Fields = Readonly<Record<string, unknown>>;

/** Replaces whole fields, except the profile, which is merged. */
function withChanges(old: Fields, changes: Fields): Fields {
  if (!("profile" in changes)) return { ...old, ...changes };
  const { profile } = mergePatch(old, { profile: changes["profile"] ?? null });
  return { ...old, ...changes, profile };
}

/** The fields of the profile that a change has. */
function namedProfileFields({ profile }: Fields): ReadonlySet<string> {
  return new Set(typeof profile === "object" && profile !== null ? Object.keys(profile) : []);
}

/**
 * Changes name, claims, profile or state of a user. Deactivating a user ends all of the user's
 * sessions.
 *
 * @param changes in the format of a file; undefined resets a field to its default
 * @param merge combines the changes with the current fields
 * @throws ManagementError `not_found`, `invalid`, `already_exists` for a name, or `changed`
 */
export function updateUser(
  key: UserKey,
  changes: Fields,
  deps: AdminDeps,
  merge: (old: Fields, changes: Fields) => Fields = withChanges,
): Promise<void> {
  return changeUser(key, deps, async (row) => {
    const fixed = FIXED_FIELDS.filter((field) => field in changes);
    if (fixed.length > 0) throw invalid(...fixed.map((field) => `${field}: cannot be updated`));
    const { id: _, password_record: __, ...old } = userEntryOf(row);
    const { username, claims, profile, is_active } = parseUserEntry(merge(old, changes));
    const kept = withoutStaleFlags(old.profile, profile, namedProfileFields(changes));
    const wanted = {
      username: normalizeUsername(username),
      claims: JSON.stringify(claims),
      profile: JSON.stringify(kept),
      is_active: is_active ? 1 : 0,
    };
    const fields = changedFields(wanted, row);
    if (fields === null) return { write: null, result: undefined };
    if (fields.username !== undefined && (await isTaken(username, row.id, deps))) {
      throw new ManagementError("already_exists", { kind: "user", name: username });
    }
    const endsSessions = fields.is_active === 0;
    const expected = { claims: row.claims, profile: row.profile, is_active: row.is_active };
    return {
      write: { kind: "update_user", username: row.username, fields, expected, endsSessions },
      result: undefined,
    };
  });
}

async function isTaken(username: string, ownId: string, { registry }: AdminDeps): Promise<boolean> {
  const owner = (await registry.findUsers([username])).get(username);
  return owner !== undefined && owner.id !== ownId;
}

/**
 * Clears the failed logins of a user, who may log in immediately.
 *
 * @throws ManagementError `not_found` or `changed`
 */
export function unlockUser(key: UserKey, deps: AdminDeps): Promise<void> {
  return changeUser(key, deps, async ({ username }) => {
    const change = { fields: {}, endsSessions: false, unlocks: true };
    return { write: { kind: "update_user", username, ...change }, result: undefined };
  });
}

/**
 * Sets the password of a user, ends all of the user's sessions and clears failed logins.
 *
 * @throws ManagementError `invalid`, `not_found` or `changed`
 */
export function setPassword(key: UserKey, password: string, deps: AdminDeps): Promise<void> {
  return changeUser(key, deps, async (row) => {
    const { username } = row;
    parseUserEntry({ username, password });
    requireGoodPassword(password, username, deps);
    const fields = { password_record: await deps.userPasswords.makeHash(password) };
    return {
      write: { kind: "update_user", username, fields, endsSessions: true },
      result: undefined,
    };
  });
}

/**
 * Generates a password for a user and ends all of the user's sessions.
 *
 * @returns the password, which cannot be read again
 * @throws ManagementError `not_found` or `changed`
 */
export async function resetPassword(key: UserKey, deps: AdminDeps): Promise<string> {
  const password = makePassword(deps);
  await setPassword(key, password, deps);
  return password;
}

/**
 * Enables a user, or disables the user and ends all sessions.
 *
 * @throws ManagementError `not_found` or `changed`
 */
export function setUserActive(key: UserKey, isActive: boolean, deps: AdminDeps): Promise<void> {
  return updateUser(key, { is_active: isActive }, deps);
}

/** Ends all sessions of a user, who may log in again. @throws ManagementError `not_found` */
export function endSessions(key: UserKey, deps: AdminDeps): Promise<void> {
  return changeUser(key, deps, async ({ username }) => {
    const write = { kind: "update_user", username, fields: {}, endsSessions: true } as const;
    return { write, result: undefined };
  });
}

/** Deletes a user and ends all of the user's sessions. @throws ManagementError `not_found` */
export function deleteUser(key: UserKey, deps: AdminDeps): Promise<void> {
  return changeUser(key, deps, async ({ username }) => {
    return { write: { kind: "delete_user", username }, result: undefined };
  });
}

function viewOf(row: UserRow): UserView {
  const { password_record: record, ...entry } = userEntryOf(row);
  return {
    ...entry,
    profile_updated_at: instantOf(profileChangedMs(row)),
    has_password: !record.startsWith(UNUSABLE_RECORD),
    created_at: instantOf(row.created_at_ms),
    sessions_valid_from: instantOf(row.not_before_ms),
  };
}
