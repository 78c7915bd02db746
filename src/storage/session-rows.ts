import { ENDED_KEPT_MS } from "./sessions.ts";

// Management of the sessions of one user. An imported refresh token that was not used yet is a
// session too; the hash of the token is its id.

/** A session, for management. */
export interface SessionRow {
  /** The id of its family, or the hash of its imported token. Not a token. */
  session_id: string;
  client_id: string;
  label: string;
  created_at_ms: number;
  last_refreshed_at_ms: number;
  /** 0 or 1. */
  is_imported: number;
}

/** Which session of which user. */
export interface SessionReference {
  readonly userId: string;
  readonly sessionId: string;
}

/** Each half reads a page by its index, so that the cost does not grow with the table. */
const LIST = `SELECT session.* FROM (
    SELECT * FROM (SELECT family_id AS session_id, sessions.client_id, label,
      sessions.created_at_ms, last_refreshed_at_ms, 0 AS is_imported FROM sessions
      JOIN users ON users.id = sessions.user_id AND users.is_active = 1
        AND users.not_before_ms <= sessions.created_at_ms
      JOIN clients ON clients.client_id = sessions.client_id AND clients.disabled = 0
        AND clients.not_before_ms <= sessions.created_at_ms
      WHERE user_id = ?1 AND family_id > ?2 AND ended_at_ms IS NULL
        AND needed_until_ms > CAST(unixepoch('subsec') * 1000 AS INTEGER)
        AND NOT EXISTS (SELECT 1 FROM consents WHERE consents.user_id = ?1
          AND consents.client_id = sessions.client_id
          AND consents.not_before_ms >= sessions.created_at_ms)
        AND NOT EXISTS (SELECT 1 FROM browser_sessions AS browser
          WHERE browser.session_id = sessions.session_id
          AND iif(is_offline, offline_ended_at_ms, browser.ended_at_ms) IS NOT NULL)
      ORDER BY family_id LIMIT ?3)
    UNION ALL
    SELECT * FROM (SELECT token_hash, token.client_id, '', imported_at_ms, imported_at_ms, 1
      FROM imported_refresh_tokens AS token
      JOIN users ON users.id = token.user_id AND users.is_active = 1
        AND users.not_before_ms <= token.imported_at_ms
      JOIN clients ON clients.client_id = token.client_id AND clients.disabled = 0
        AND clients.not_before_ms <= token.imported_at_ms
      WHERE user_id = ?1 AND token_hash > ?2 AND is_consumed = 0
        AND NOT EXISTS (SELECT 1 FROM consents WHERE consents.user_id = ?1
          AND consents.client_id = token.client_id
          AND consents.not_before_ms >= token.imported_at_ms)
        AND (expires_at_ms > CAST(unixepoch('subsec') * 1000 AS INTEGER)
          OR EXISTS (SELECT 1 FROM imported_access_tokens AS access
            WHERE access.refresh_token_hash = token.token_hash
            AND access.expires_at_ms > CAST(unixepoch('subsec') * 1000 AS INTEGER)))
      ORDER BY token_hash LIMIT ?3)
  ) AS session ORDER BY session.session_id LIMIT ?3`;

const FIND = `SELECT family_id AS session_id, client_id, label, created_at_ms,
    last_refreshed_at_ms, 0 AS is_imported FROM sessions WHERE user_id = ?1 AND family_id = ?2
  UNION ALL
  SELECT token_hash, client_id, '', imported_at_ms, imported_at_ms, 1
    FROM imported_refresh_tokens WHERE user_id = ?1 AND token_hash = ?2`;

/** Makes the transaction fail unless there is such a session; see `registry-sql.ts`. */
const GUARD = `SELECT json(CASE WHEN
  EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND family_id = ?2)
  OR EXISTS (SELECT 1 FROM imported_refresh_tokens WHERE user_id = ?1 AND token_hash = ?2)
  THEN '{}' ELSE 'changed' END)`;

const END = `UPDATE sessions SET
  ended_at_ms = coalesce(ended_at_ms, CAST(unixepoch('subsec') * 1000 AS INTEGER)),
  needed_until_ms = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?3
  WHERE user_id = ?1 AND family_id = ?2`;

/** The statement that reads a page of a user's live sessions, in the order of their ids. */
export function selectSessions(
  db: D1Database,
  userId: string,
  page: { readonly after: string; readonly limit: number },
): D1PreparedStatement {
  return db.prepare(LIST).bind(userId, page.after, page.limit);
}

/** The statement that finds a session, ended or not. */
export function selectSession(
  db: D1Database,
  { userId, sessionId }: SessionReference,
): D1PreparedStatement {
  return db.prepare(FIND).bind(userId, sessionId);
}

/**
 * The statements that end a session. The row of an imported token stays, so that no import adds it
 * again. Race: if the token is consumed at the same moment, the new session may still be listed
 * under its own id, since D1 alone cannot detect that.
 */
export function endSessionStatements(
  db: D1Database,
  { userId, sessionId }: SessionReference,
): D1PreparedStatement[] {
  return [
    db.prepare(GUARD).bind(userId, sessionId),
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
