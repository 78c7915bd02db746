// Management of the sessions of one user. An imported refresh token that was not used yet is a
// session too; the hash of the token is its id.

/** A session, for management. */
export interface SessionRow {
  /** The id of its family, or the hash of its imported token. Not a token. */
  session_id: string;
  client_id: string;
  client_name: string;
  label: string;
  /** The label of the browser in which it began; NULL: none, or no longer known. */
  browser_label: string | null;
  created_at_ms: number;
  last_refreshed_at_ms: number;
  /** 0 or 1. */
  is_imported: number;
}

/**
 * How long the row of an ended session is kept, in milliseconds: no refresh token lives longer than
 * a year under any settings.
 */
export const ENDED_KEPT_MS = 366 * 86_400_000;

/** Which session of which user. */
export interface SessionReference {
  readonly userId: string;
  readonly sessionId: string;
}

const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/** The logins of a user that have not ended. */
const LIVE = `SELECT family_id AS session_id, sessions.client_id, client_name, sessions.label,
    browser.label AS browser_label, sessions.created_at_ms, last_refreshed_at_ms, 0 AS is_imported
  FROM sessions
  JOIN users ON users.id = sessions.user_id AND users.is_active = 1
    AND users.not_before_ms <= sessions.created_at_ms
  JOIN clients ON clients.client_id = sessions.client_id AND clients.disabled = 0
    AND clients.not_before_ms <= sessions.created_at_ms
  LEFT JOIN browser_sessions AS browser ON browser.session_id = sessions.session_id
  LEFT JOIN consents ON consents.user_id = sessions.user_id
    AND consents.client_id = sessions.client_id
  WHERE sessions.user_id = ?1 AND sessions.ended_at_ms IS NULL
    AND sessions.needed_until_ms > ${NOW_MS}
    AND iif(is_offline, browser.offline_ended_at_ms, browser.ended_at_ms) IS NULL
    AND (consents.not_before_ms < sessions.created_at_ms
      OR consents.client_id IS NULL AND clients.registration = 'operator')`;

/** Imported refresh tokens of a user that have neither ended nor been used. */
const LIVE_IMPORTED = `SELECT token_hash AS session_id, token.client_id, client_name, '' AS label,
    NULL AS browser_label, imported_at_ms AS created_at_ms, imported_at_ms AS last_refreshed_at_ms,
    1 AS is_imported
  FROM imported_refresh_tokens AS token
  JOIN users ON users.id = token.user_id AND users.is_active = 1
    AND users.not_before_ms <= token.imported_at_ms
  JOIN clients ON clients.client_id = token.client_id AND clients.disabled = 0
    AND clients.not_before_ms <= token.imported_at_ms
  WHERE user_id = ?1 AND is_consumed = 0
    AND (expires_at_ms > ${NOW_MS}
      OR EXISTS (SELECT 1 FROM imported_access_tokens AS access
        WHERE access.refresh_token_hash = token.token_hash AND access.expires_at_ms > ${NOW_MS}))
    AND NOT EXISTS (SELECT 1 FROM consents WHERE consents.user_id = ?1
      AND consents.client_id = token.client_id AND consents.not_before_ms >= token.imported_at_ms)`;

/** Each half reads a page by its index, so that the cost does not grow with the table. */
const LIST = `SELECT * FROM (
    SELECT * FROM (${LIVE} AND family_id > ?2 ORDER BY family_id LIMIT ?3)
    UNION ALL
    SELECT * FROM (${LIVE_IMPORTED} AND token_hash > ?2 ORDER BY token_hash LIMIT ?3)
  ) ORDER BY session_id LIMIT ?3`;

/** Reads all of them, which have a limit. */
const LATEST = `SELECT * FROM (${LIVE} UNION ALL ${LIVE_IMPORTED})
  ORDER BY last_refreshed_at_ms DESC, session_id LIMIT ?2`;

const FIND = `SELECT family_id AS session_id, client_id, '' AS client_name, label,
    NULL AS browser_label, created_at_ms,
    last_refreshed_at_ms, 0 AS is_imported FROM sessions WHERE user_id = ?1 AND family_id = ?2
  UNION ALL
  SELECT token_hash, client_id, '', '', NULL, imported_at_ms, imported_at_ms, 1
    FROM imported_refresh_tokens WHERE user_id = ?1 AND token_hash = ?2`;

/** Makes the transaction fail unless there is such a session; see `registry-sql.ts`. */
const GUARD = `SELECT json(CASE WHEN
  EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND family_id = ?2)
  OR EXISTS (SELECT 1 FROM imported_refresh_tokens WHERE user_id = ?1 AND token_hash = ?2)
  THEN '{}' ELSE 'changed' END)`;

const END = `UPDATE sessions SET ended_at_ms = coalesce(ended_at_ms, ${NOW_MS}),
  needed_until_ms = ${NOW_MS} + ?3
  WHERE user_id = ?1 AND family_id = ?2`;

/** The statement that reads a page of a user's live sessions, in the order of their ids. */
export function selectSessions(
  db: D1Database,
  userId: string,
  page: { readonly after: string; readonly limit: number },
): D1PreparedStatement {
  return db.prepare(LIST).bind(userId, page.after, page.limit);
}

/** The statement that reads the live sessions of a user, the latest first. */
export function selectLatestSessions(
  db: D1Database,
  userId: string,
  limit: number,
): D1PreparedStatement {
  return db.prepare(LATEST).bind(userId, limit);
}

/** The statement that finds a session, ended or not. */
export function selectSession(
  db: D1Database,
  { userId, sessionId }: SessionReference,
): D1PreparedStatement {
  return db.prepare(FIND).bind(userId, sessionId);
}

/** The statements that end a session, and fail if there is none. */
export function endSessionStatements(
  db: D1Database,
  session: SessionReference,
): D1PreparedStatement[] {
  const guard = db.prepare(GUARD).bind(session.userId, session.sessionId);
  return [guard, ...markSessionEnded(db, session)];
}

/**
 * The statements that end a session, if there is one. The row of an imported token stays, so that
 * no import adds it again. Race: if the token is consumed at the same moment, the new session may
 * still be listed under its own id, since D1 alone cannot detect that.
 */
export function markSessionEnded(
  db: D1Database,
  { userId, sessionId }: SessionReference,
): D1PreparedStatement[] {
  return [
    db.prepare(END).bind(userId, sessionId, ENDED_KEPT_MS),
    db
      .prepare("DELETE FROM imported_access_tokens WHERE user_id = ? AND refresh_token_hash = ?")
      .bind(userId, sessionId),
    db
      .prepare(
        `UPDATE imported_refresh_tokens SET is_consumed = 1, expires_at_ms = 0
         WHERE user_id = ? AND token_hash = ?`,
      )
      .bind(userId, sessionId),
  ];
}

/** The statements that end all sessions of a user, of whatever client. */
export function markSessionsEnded(db: D1Database, userId: string): D1PreparedStatement[] {
  return [
    db
      .prepare(
        `UPDATE sessions SET ended_at_ms = ${NOW_MS}, needed_until_ms = ${NOW_MS} + ?2
         WHERE user_id = ?1 AND ended_at_ms IS NULL`,
      )
      .bind(userId, ENDED_KEPT_MS),
    db
      .prepare(
        `DELETE FROM imported_access_tokens WHERE refresh_token_hash IN (
         SELECT token_hash FROM imported_refresh_tokens WHERE user_id = ? AND is_consumed = 0)`,
      )
      .bind(userId),
    db
      .prepare(
        `UPDATE imported_refresh_tokens SET is_consumed = 1, expires_at_ms = 0
         WHERE user_id = ? AND is_consumed = 0`,
      )
      .bind(userId),
  ];
}

/** The statements that remove all sessions of a user, before the user is deleted. */
export function removeSessionsStatements(db: D1Database, username: string): D1PreparedStatement[] {
  return [
    db.prepare("DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE username = ?)"),
    db.prepare(
      `DELETE FROM imported_refresh_tokens
       WHERE user_id = (SELECT id FROM users WHERE username = ?)`,
    ),
    db.prepare(
      `DELETE FROM imported_access_tokens
       WHERE user_id = (SELECT id FROM users WHERE username = ?)`,
    ),
  ].map((statement) => statement.bind(username));
}
