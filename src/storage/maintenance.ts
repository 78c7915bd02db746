import { COMMAND_DEADLINE_MS, callWithDeadline } from "../isolate.ts";
import { insertEndedSessionsEvent } from "./audit-events.ts";
import { reportEndForAll } from "./session-clients.ts";

// Queries of operators' commands over the whole database. No request waits for them.

/** Whether there is any client. @throws Unavailable when D1 fails or is not migrated */
export async function hasClients(db: D1Database): Promise<boolean> {
  const statement = db.prepare("SELECT 1 FROM clients LIMIT 1");
  return (await run("d1.has_clients", () => statement.first())) !== null;
}

/**
 * The names of applied migrations, in order.
 *
 * @throws Unavailable when D1 fails, or no migration was ever applied
 */
export async function appliedMigrations(db: D1Database): Promise<readonly string[]> {
  const statement = db.prepare("SELECT name FROM d1_migrations ORDER BY id");
  const { results } = await run("d1.list_migrations", () => statement.all<{ name: string }>());
  return results.map(({ name }) => name);
}

/** Most clients that are listed. */
const CLIENTS_NAMED_MAX = 50;

/**
 * The first ids of confidential clients that are not restricted to a scope.
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

/** The database's clock, in milliseconds since the epoch. @throws Unavailable when D1 fails */
export async function databaseNowMs(db: D1Database): Promise<number> {
  const statement = db.prepare("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now_ms");
  return (await run("d1.read_clock", () => statement.first<number>("now_ms"))) ?? Number.NaN;
}

/** The number of accounts that {@link endAllSessions} changed. */
export interface EndedSessions {
  readonly clients: number;
  readonly users: number;
}

/** max: a row created after a deletion may start slightly in the future. */
const END_ALL = "not_before_ms = max(not_before_ms, CAST(unixepoch('subsec') * 1000 AS INTEGER))";

/** Most ids that {@link findSharedIds} returns. */
const SHARED_IDS_MAX = 5;

/**
 * Ids that both a client and a user have, which version 0.1 allowed: their `sub` is ambiguous.
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
 * Ends all sessions: everything issued before now becomes invalid. APIs that check only the
 * signature of JWTs accept those until they expire.
 *
 * @throws Unavailable when D1 fails; then nothing has changed
 */
export async function endAllSessions(db: D1Database): Promise<EndedSessions> {
  const statements = [
    db.prepare(`UPDATE clients SET ${END_ALL}`),
    db.prepare(`UPDATE users SET ${END_ALL}`),
    insertEndedSessionsEvent(db),
    ...reportEndForAll(db),
  ];
  const [clients, users] = await run("d1.end_all_sessions", () => db.batch(statements));
  return { clients: clients?.meta.changes ?? 0, users: users?.meta.changes ?? 0 };
}

function run<Result>(operation: string, work: () => Promise<Result>): Promise<Result> {
  return callWithDeadline(operation, work, COMMAND_DEADLINE_MS);
}
