import { COMMAND_DEADLINE_MS, callWithDeadline } from "../deadline.ts";
import { insertEndedSessionsEvent } from "./audit-events.ts";

// What an operator's commands ask of D1 as a whole. No request waits for any of it.

/** Whether there is any client. @throws Unavailable when D1 fails or is not migrated */
export async function hasClients(db: D1Database): Promise<boolean> {
  const statement = db.prepare("SELECT 1 FROM clients LIMIT 1");
  return (await run("d1.has_clients", () => statement.first())) !== null;
}

/**
 * Names of the migrations that wrangler has applied, in order.
 *
 * @throws Unavailable when D1 fails, or nothing was ever applied
 */
export async function appliedMigrations(db: D1Database): Promise<readonly string[]> {
  const statement = db.prepare("SELECT name FROM d1_migrations ORDER BY id");
  const { results } = await run("d1.list_migrations", () => statement.all<{ name: string }>());
  return results.map(({ name }) => name);
}

/** Most clients that are named for people to look at. */
const CLIENTS_NAMED_MAX = 50;

/**
 * Ids of confidential clients that have no scope by name, the first few.
 *
 * @throws Unavailable when D1 fails or is not migrated
 */
export async function clientsWithoutScope(db: D1Database): Promise<readonly string[]> {
  const statement = db
    .prepare(
      `SELECT client_id FROM clients WHERE scope IS NULL AND disabled = 0
       AND token_endpoint_auth_method <> 'none' ORDER BY client_id LIMIT ?`,
    )
    .bind(CLIENTS_NAMED_MAX);
  const { results } = await run("d1.list_clients", () => statement.all<{ client_id: string }>());
  return results.map(({ client_id }) => client_id);
}

/** The database's own clock, in milliseconds since the epoch. @throws Unavailable when D1 fails */
export async function databaseNowMs(db: D1Database): Promise<number> {
  const statement = db.prepare("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now_ms");
  return (await run("d1.read_clock", () => statement.first<number>("now_ms"))) ?? Number.NaN;
}

/** How many accounts {@link endAllSessions} touched. */
export interface EndedSessions {
  readonly clients: number;
  readonly users: number;
}

/** Never earlier than it is: a row may begin a moment after the deletion of another of its id. */
const END_ALL = "not_before_ms = max(not_before_ms, CAST(unixepoch('subsec') * 1000 AS INTEGER))";

/** Most ids that {@link findSharedIds} returns. */
const SHARED_IDS_MAX = 5;

/**
 * Ids that a client and a user have both, which version 0.1 let happen: a `sub` may mean either.
 *
 * @throws Unavailable when D1 fails or is not migrated
 */
export async function findSharedIds(db: D1Database): Promise<readonly string[]> {
  const statement = db
    .prepare("SELECT id FROM users WHERE id IN (SELECT client_id FROM clients) ORDER BY id LIMIT ?")
    .bind(SHARED_IDS_MAX);
  const { results } = await run("d1.find_shared_ids", () => statement.all<{ id: string }>());
  return results.map(({ id }) => id);
}

/**
 * Ends every session there is: what was issued before this moment is good for nothing, except that
 * who checks JWTs by their signature alone accepts them until they expire.
 *
 * @throws Unavailable when D1 fails; nothing has changed then
 */
export async function endAllSessions(db: D1Database): Promise<EndedSessions> {
  const statements = [
    db.prepare(`UPDATE clients SET ${END_ALL}`),
    db.prepare(`UPDATE users SET ${END_ALL}`),
    insertEndedSessionsEvent(db),
  ];
  const [clients, users] = await run("d1.end_all_sessions", () => db.batch(statements));
  return { clients: clients?.meta.changes ?? 0, users: users?.meta.changes ?? 0 };
}

function run<Result>(operation: string, work: () => Promise<Result>): Promise<Result> {
  return callWithDeadline(operation, work, COMMAND_DEADLINE_MS);
}
