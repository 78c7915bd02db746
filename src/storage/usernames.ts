import { Misconfigured } from "../errors/refusal.ts";
import { type UsernameMode, usernameKey } from "../protocol/usernames.ts";

const FAIL_IF_TAKEN = `SELECT json(CASE WHEN EXISTS (
    SELECT 1 FROM users WHERE (username IN (?1, ?2) OR (?3 AND username_key = ?4))
    AND username IS NOT ?5)
  THEN 'changed' ELSE '{}' END)`;

// Two subqueries, so that each uses its index.
const FAIL_IF_ANY_TAKEN = `SELECT json(CASE
    WHEN EXISTS (SELECT 1 FROM users WHERE username IN (SELECT value FROM json_each(?1)))
      OR EXISTS (SELECT 1 FROM users WHERE username_key IN (SELECT value FROM json_each(?2)))
    THEN 'changed' ELSE '{}' END)`;

/** The statement that checks if names can be compared ignoring case; one row with `ready`. */
export function selectReadiness(db: D1Database): D1PreparedStatement {
  return db.prepare(
    `SELECT EXISTS (
       SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = 'users_one_per_key')
     AND NOT EXISTS (SELECT 1 FROM users WHERE username_key IS NULL) AS ready`,
  );
}

/** @throws Misconfigured unless {@link selectReadiness} returned that names can be compared */
export function requireReadiness(rows: readonly unknown[]): void {
  if ((rows[0] as { ready: number } | undefined)?.ready === 1) return;
  throw new Misconfigured(
    "USERNAMES is case-insensitive, but the database is not prepared for it: run the command " +
      "user fold-names, which lists names that differ only in case",
  );
}

/** The statement that makes its transaction fail if another user than `owner` has the name. */
export function requireNameIsFree(
  db: D1Database,
  username: string,
  mode: UsernameMode,
  owner: string,
): D1PreparedStatement {
  const isFolded = mode === "case-insensitive" ? 1 : 0;
  const [composed, decomposed] = [username.normalize("NFC"), username.normalize("NFD")];
  return db
    .prepare(FAIL_IF_TAKEN)
    .bind(composed, decomposed, isFolded, usernameKey(username), owner);
}

/** The statement that makes its transaction fail if a user has one of these names. */
export function requireNamesAreFree(
  db: D1Database,
  usernames: readonly string[],
  mode: UsernameMode,
): D1PreparedStatement {
  const spellings = usernames.flatMap((name) => [name.normalize("NFC"), name.normalize("NFD")]);
  const keys = mode === "case-insensitive" ? usernames.map(usernameKey) : [];
  return db.prepare(FAIL_IF_ANY_TAKEN).bind(JSON.stringify(spellings), JSON.stringify(keys));
}
