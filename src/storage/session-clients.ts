// The clients to tell when a browser session ends. The end moves their rows to the deliveries in
// its own transaction, so that none is lost, also when a command ends the session.

const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/**
 * A login is listed after its response. What ends its browser session, its user or its consent in
 * between finds nothing to report.
 */
const HAS_ENDED = `(
  EXISTS (SELECT 1 FROM browser_sessions WHERE session_id = ?1 AND ended_at_ms IS NOT NULL)
  OR NOT EXISTS (SELECT 1 FROM users WHERE id = ?3 AND is_active = 1 AND not_before_ms <= ?5)
  OR EXISTS (SELECT 1 FROM consents
    WHERE user_id = ?3 AND client_id = ?2 AND not_before_ms >= ?5))`;

/** Kept as long as the login and the browser session. */
const RECORD = `INSERT INTO session_clients
    (session_id, client_id, user_id, issuer_url, needed_until_ms)
  SELECT ?1, ?2, ?3, ?4, max(?6, coalesce(
    (SELECT needed_until_ms FROM browser_sessions WHERE session_id = ?1), 0))
  WHERE NOT ${HAS_ENDED}
  ON CONFLICT DO UPDATE SET issuer_url = excluded.issuer_url,
    needed_until_ms = max(needed_until_ms, excluded.needed_until_ms)
  WHERE issuer_url <> excluded.issuer_url OR needed_until_ms < excluded.needed_until_ms`;

/** Only the first time: offline access outlives a session that was reported when it ended. */
const REPORT_IF_ENDED = `INSERT INTO logout_deliveries
    (client_id, user_id, session_id, issuer_url, ended_at_ms)
  SELECT ?2, ?3, ?1, ?4, ${NOW_MS}
  WHERE ${HAS_ENDED} AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = ?3 AND family_id = ?6)`;

const REPORT = `INSERT INTO logout_deliveries
    (client_id, user_id, session_id, issuer_url, ended_at_ms)
  SELECT client_id, user_id, session_id, issuer_url, ${NOW_MS} FROM session_clients`;

const REMOVE = "DELETE FROM session_clients";

/** The name is for {@link reportedClients}. */
const RETURNING = "RETURNING client_id AS reported_client_id";

const OF_USER = `WHERE user_id = ?1 AND (?2 IS NULL OR session_id = ?2)
  AND (?3 IS NULL OR client_id = ?3)`;

const OF_NAMED = `WHERE user_id IN (
  SELECT id FROM users WHERE username IN (SELECT value ->> 0 FROM json_each(?1)))`;

const OF_LOGIN = `WHERE user_id = ?1 AND (session_id, client_id) IN (
  SELECT session_id, client_id FROM sessions WHERE user_id = ?1 AND family_id = ?2)`;

const REPORT_OF_USER = `${REPORT} ${OF_USER} ${RETURNING}`;
const REMOVE_OF_USER = `${REMOVE} ${OF_USER}`;
const REPORT_OF_NAMED = `${REPORT} ${OF_NAMED} ${RETURNING}`;
const REMOVE_OF_NAMED = `${REMOVE} ${OF_NAMED}`;
const REPORT_OF_LOGIN = `${REPORT} ${OF_LOGIN} ${RETURNING}`;
const REMOVE_OF_LOGIN = `${REMOVE} ${OF_LOGIN}`;

const REMOVE_EXPIRED = `DELETE FROM session_clients WHERE (session_id, client_id) IN (
  SELECT session_id, client_id FROM session_clients WHERE needed_until_ms <= ?1 LIMIT ?2)`;

/** A login in a browser, whose client is told of its end. */
interface ReportedLogin {
  readonly sessionId: string | null;
  readonly familyId: string;
  readonly clientId: string;
  readonly userId: string;
  readonly createdAtMs: number;
  readonly neededUntilMs: number;
}

/**
 * The statements that store a client to tell when the browser session of a login ends, or report
 * that it has ended; the sweep finds that. They run before the login is listed.
 */
export function recordSessionClient(
  db: D1Database,
  { sessionId, clientId, userId, ...login }: ReportedLogin,
  issuerUrl: string,
): D1PreparedStatement[] {
  const values = [sessionId, clientId, userId, issuerUrl, login.createdAtMs];
  return [
    db.prepare(RECORD).bind(...values, login.neededUntilMs),
    db.prepare(REPORT_IF_ENDED).bind(...values, login.familyId),
  ];
}

/** Called with the clients to tell of an end, which is committed. */
export type AnnounceEnd = (clientIds: readonly string[]) => void;

/** What ended for a user: everything, a browser session, or the access of a client. */
interface EndForUser {
  readonly userId: string;
  readonly sessionId?: string;
  readonly clientId?: string;
}

/** The statements that report an end to the clients concerned. */
export function reportEnd(
  db: D1Database,
  { userId, sessionId, clientId }: EndForUser,
): D1PreparedStatement[] {
  const values = [userId, sessionId ?? null, clientId ?? null];
  return [db.prepare(REPORT_OF_USER).bind(...values), db.prepare(REMOVE_OF_USER).bind(...values)];
}

/**
 * The same for everything of users, before they are renamed or deleted.
 *
 * @param names a JSON list of lists, each of one name
 */
export function reportEndForNamed(db: D1Database, names: string): D1PreparedStatement[] {
  return [db.prepare(REPORT_OF_NAMED).bind(names), db.prepare(REMOVE_OF_NAMED).bind(names)];
}

/** The same for one login. */
export function reportEndOfLogin(
  db: D1Database,
  userId: string,
  familyId: string,
): D1PreparedStatement[] {
  return [
    db.prepare(REPORT_OF_LOGIN).bind(userId, familyId),
    db.prepare(REMOVE_OF_LOGIN).bind(userId, familyId),
  ];
}

/** The same for everything of all users. Returns no clients, since there may be many rows. */
export function reportEndForAll(db: D1Database): D1PreparedStatement[] {
  return [db.prepare(REPORT), db.prepare(REMOVE)];
}

/** The clients in the results of a transaction with statements that report ends. */
export function reportedClients(results: readonly D1Result[]): string[] {
  const rows = results.flatMap(({ results: found }) => found as { reported_client_id?: string }[]);
  return [...new Set(rows.flatMap(({ reported_client_id: id }) => id ?? []))];
}

/** The statement that removes some rows of sessions that have expired. */
export function removeExpiredSessionClients(
  db: D1Database,
  nowMs: number,
  limit: number,
): D1PreparedStatement {
  return db.prepare(REMOVE_EXPIRED).bind(nowMs, limit);
}
