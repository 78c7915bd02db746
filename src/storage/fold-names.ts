import { COMMAND_DEADLINE_MS, callWithDeadline } from "../isolate.ts";
import { usernameKey } from "../protocol/usernames.ts";
import { selectReadiness } from "./usernames.ts";

/** The result of {@link foldNames}. */
export interface FoldedNames {
  /** Number of keys that were filled. */
  readonly folded: number;
  /** Groups of names that differ only in case; empty: names are unique from now on. */
  readonly collisions: readonly (readonly string[])[];
}

/** Rows folded in one batch. */
const BATCH_ROWS = 500;

/** Most groups of similar names that are listed. */
const COLLISIONS_MAX = 1000;

/**
 * Fills missing `users.username_key`, since SQL cannot fold Unicode, and makes the column unique
 * unless names differ only in case. Can be repeated.
 *
 * @throws Unavailable when D1 fails
 */
export async function foldNames(db: D1Database): Promise<FoldedNames> {
  let folded = 0;
  for (;;) {
    const select = db
      .prepare("SELECT id, username FROM users WHERE username_key IS NULL LIMIT ?")
      .bind(BATCH_ROWS);
    const { results } = await run(() => select.all<{ id: string; username: string }>());
    if (results.length === 0) break;
    const keys = results.map(({ id, username }) => ({ id, key: usernameKey(username) }));
    const update = db
      .prepare(
        `UPDATE users SET username_key = new.value ->> 'key' FROM json_each(?) AS new
         WHERE users.id = new.value ->> 'id'`,
      )
      .bind(JSON.stringify(keys));
    await run(() => update.run());
    folded += results.length;
  }
  const collisions = await findCollisions(db);
  if (collisions.length === 0) {
    const unique = db.prepare(
      "CREATE UNIQUE INDEX IF NOT EXISTS users_one_per_key ON users (username_key)",
    );
    await run(() => unique.run());
  }
  return { folded, collisions };
}

/** Allows names that differ only in case again, for `exact`. @throws Unavailable */
export async function allowSimilarNames(db: D1Database): Promise<void> {
  await run(() => db.prepare("DROP INDEX IF EXISTS users_one_per_key").run());
}

/** Whether {@link foldNames} has made names unique. @throws Unavailable */
export async function areNamesUnique(db: D1Database): Promise<boolean> {
  return (await run(() => selectReadiness(db).first<number>("ready"))) === 1;
}

async function findCollisions(db: D1Database): Promise<string[][]> {
  const statement = db
    .prepare(
      `SELECT json_group_array(username) AS names FROM users GROUP BY username_key
       HAVING count(*) > 1 ORDER BY username_key LIMIT ?`,
    )
    .bind(COLLISIONS_MAX);
  const { results } = await run(() => statement.all<{ names: string }>());
  return results.map(({ names }) => (JSON.parse(names) as string[]).toSorted());
}

function run<Result>(work: () => Promise<Result>): Promise<Result> {
  return callWithDeadline("d1.fold_names", work, COMMAND_DEADLINE_MS);
}
