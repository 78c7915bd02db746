import { Misconfigured } from "../errors/refusal.ts";
import { callWithDeadline } from "../isolate.ts";
import type { Claims, DatedProfile } from "../protocol/claims.ts";
import {
  normalizeUsername,
  rowOfName,
  type UsernameMode,
  usernameKey,
} from "../protocol/usernames.ts";

/** Identifies a user by name or id. */
export type UserKey = { readonly username: string } | { readonly id: string };

/** A user. */
export interface User {
  /** The subject of tokens; never reused. */
  readonly id: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly claims: Claims;
  readonly isActive: boolean;
  /** Families that began before this instant have ended. */
  readonly notBeforeMs: number;
  /** When an operator last unlocked the user or reset the password; 0: never. */
  readonly unlockedAtMs: number;
}

/** A row of the table `users`. */
export interface UserRow {
  id: string;
  username: string;
  /** From `usernameKey`; null: not filled yet. */
  username_key: string | null;
  password_record: string;
  claims: string;
  /** The standard claims of OpenID Connect, as JSON. */
  profile: string;
  /** 0: not changed since the row was created. */
  profile_updated_at_ms: number;
  is_active: number;
  not_before_ms: number;
  unlocked_at_ms: number;
  created_at_ms: number;
}

/** Reads a row of `users`. */
export function toUser(row: UserRow): User {
  return {
    id: row.id,
    username: row.username,
    passwordHash: row.password_record,
    claims: JSON.parse(row.claims),
    isActive: row.is_active === 1,
    notBeforeMs: row.not_before_ms,
    unlockedAtMs: row.unlocked_at_ms,
  };
}

/** The columns of a profile. */
export type ProfileRow = Pick<UserRow, "profile" | "profile_updated_at_ms" | "created_at_ms">;

/** When a profile was last changed, in milliseconds since the epoch. */
export function profileChangedMs({ profile_updated_at_ms, created_at_ms }: ProfileRow): number {
  return Math.max(profile_updated_at_ms, created_at_ms);
}

/** Reads the profile of a row of `users`. */
export function toProfile(row: ProfileRow): DatedProfile {
  if (row.profile === "{}") return {};
  return { ...JSON.parse(row.profile), updated_at: Math.floor(profileChangedMs(row) / 1000) };
}

/** Changes to users by token requests. */
export interface UserStore {
  /**
   * Replaces a password hash unless another request replaced it first.
   *
   * @returns whether it was replaced
   * @throws Unavailable when D1 fails
   */
  replacePasswordHash(userId: string, from: string, to: string): Promise<boolean>;
  /**
   * Adds an active user unless a user has that name, or one that differs only in case.
   *
   * @param user with a new id, which no token contains yet
   * @returns the user with that name, added now or before; null: a name differs only in case
   * @throws Unavailable when D1 fails, or names must be folded first
   */
  add(user: Pick<User, "id" | "username" | "passwordHash">): Promise<User | null>;
}

const USER_COLUMNS =
  "SELECT id, username, password_record, claims, is_active, not_before_ms, unlocked_at_ms " +
  "FROM users ";
const SELECT_USER_BY_ID = `${USER_COLUMNS}WHERE id = ?`;
/** Apart from the user, whom requests without claims read too. */
const SELECT_PROFILE =
  "SELECT profile, profile_updated_at_ms, created_at_ms FROM users WHERE id = ?";
/** In both modes including names that differ in case, so that no second account is created. */
const SELECT_USERS_BY_NAME = `${USER_COLUMNS}WHERE username IN (?1, ?2, ?3) OR username_key = ?4`;

const SELECT_USER_OF_IMPORTED = `${USER_COLUMNS}WHERE id IN (
    SELECT user_id FROM imported_refresh_tokens WHERE token_hash = ?1
    UNION ALL SELECT user_id FROM imported_access_tokens WHERE token_hash = ?1)`;

/** The statement that finds the user of an imported token, by the hash of the token. */
export function selectUserOfImported(db: D1Database, hash: string): D1PreparedStatement {
  return db.prepare(SELECT_USER_OF_IMPORTED).bind(hash);
}

/** The statement that finds a user by id. */
export function selectUserById(db: D1Database, id: string): D1PreparedStatement {
  return db.prepare(SELECT_USER_BY_ID).bind(id);
}

/** The statement that finds the profile of a user. */
export function selectProfile(db: D1Database, id: string): D1PreparedStatement {
  return db.prepare(SELECT_PROFILE).bind(id);
}

/** The statement that finds users with this name, or one that differs only in case. */
export function selectUsersByName(db: D1Database, username: string): D1PreparedStatement {
  const [composed, decomposed] = [username.normalize("NFC"), username.normalize("NFD")];
  const key = usernameKey(username);
  return db.prepare(SELECT_USERS_BY_NAME).bind(username, composed, decomposed, key);
}

/**
 * A NULL key belongs to a row from before 0.3 whose name is not ASCII, or that the previous version
 * wrote during an upgrade. not_before_ms is 0, since of two simultaneous first logins the second
 * may have started before the first.
 */
const ADD_USER = `INSERT INTO users (id, username, username_key, password_record, not_before_ms)
  SELECT ?1, ?2, ?3, ?4, 0 WHERE NOT EXISTS (
    SELECT 1 FROM users WHERE username IN (?2, ?5) OR username_key = ?3
    OR (username_key IS NULL AND (?6 OR lower(username) = ?3))
  ) AND NOT EXISTS (SELECT 1 FROM clients WHERE client_id = ?1) ON CONFLICT DO NOTHING`;

/**
 * Builds the {@link UserStore} over D1.
 *
 * @param mode how user names are compared
 */
export function createUserStore(db: D1Database, mode: UsernameMode): UserStore {
  return {
    async replacePasswordHash(userId, from, to) {
      const statement = db
        .prepare("UPDATE users SET password_record = ? WHERE id = ? AND password_record = ?")
        .bind(to, userId, from);
      const { meta } = await callWithDeadline("d1.replace_password_record", () => statement.run());
      return meta.changes > 0;
    },

    async add({ id, username, passwordHash }) {
      const name = normalizeUsername(username);
      const key = usernameKey(name);
      const isBeyondAscii = /[^ -~]/.test(name) ? 1 : 0;
      const values = [id, name, key, passwordHash, name.normalize("NFD"), isBeyondAscii];
      const statements = [
        db.prepare(ADD_USER).bind(...values),
        selectUsersByName(db, username),
        db.prepare("SELECT id FROM users WHERE username_key IS NULL LIMIT 1"),
      ];
      const results = await callWithDeadline("d1.add_user", () => db.batch<UserRow>(statements));
      const [, named, unfolded] = results.map((result) => result.results);
      const row = rowOfName(named ?? [], username, mode);
      if (row !== undefined) return toUser(row);
      if (named?.length === 0 && isBeyondAscii === 1 && unfolded?.length === 1) {
        throw new Misconfigured(
          "cannot add a user of the old token endpoint: run the command user fold-names",
        );
      }
      return null;
    },
  };
}

/** The result of looking up a user name. */
export interface NamedUser {
  /** Null: no user has this name. */
  readonly user: User | null;
  /** Whether a user has this name, or one that differs only in case. */
  readonly hasSimilar: boolean;
}

/** Reads the users who have a name, or one that differs only in case. */
export function toNamedUser(
  rows: readonly UserRow[],
  username: string,
  mode: UsernameMode,
): NamedUser {
  const row = rowOfName(rows, username, mode);
  const key = usernameKey(username);
  return {
    user: row === undefined ? null : toUser(row),
    hasSimilar: rows.some((each) => usernameKey(each.username) === key),
  };
}
