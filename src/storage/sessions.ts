import { callWithDeadline } from "../calls.ts";
import type { Session, SessionKey } from "../tokens/session.ts";
import { recordSessionClient } from "./session-clients.ts";

/** The list of sessions, for people. No response waits for these writes. */
export interface SessionStore {
  /**
   * Inserts a session, or updates it after a refresh. An ended session stays ended. A new session
   * reuses the row of an expired session of the user, and other expired ones are removed, so that
   * no clean-up job is needed and a login writes one row.
   *
   * @returns the live session whose row was reused, because the user has too many: end it
   * @throws Unavailable when D1 fails
   */
  upsert(session: Session): Promise<Pick<Session, "familyId" | "clientId"> | null>;
  /** Removes a session whose family has ended, unless management ended it. @throws Unavailable */
  remove(userId: string, familyId: string): Promise<void>;
}

/**
 * How long the row of an ended session is kept, in milliseconds: no refresh token lives longer than
 * a year under any settings.
 */
export const ENDED_KEPT_MS = 366 * 86_400_000;

/** Most sessions of one user. With one more, the least recently refreshed one ends. */
export const SESSIONS_MAX = 1000;

/**
 * At most {@link SESSIONS_MAX} other sessions of the user, in the order of ids after this one. Ids
 * are random, so each login looks at different ones, at a limited cost.
 */
const NEAR = `WITH near AS (SELECT * FROM (
    SELECT * FROM (SELECT * FROM sessions WHERE user_id = ?1 AND family_id > ?2
      ORDER BY family_id LIMIT ?8)
    UNION ALL
    SELECT * FROM (SELECT * FROM sessions WHERE user_id = ?1 AND family_id < ?2
      ORDER BY family_id LIMIT ?8)
  ) LIMIT ?8)`;

/** An expired session or, if there are too many, the least recently refreshed one. */
const REPLACEABLE = `SELECT family_id, client_id, needed_until_ms > ?6 AS is_live FROM near
  WHERE (needed_until_ms <= ?6
    OR ended_at_ms IS NULL AND (SELECT count(*) FROM near) >= ?8)
  AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND family_id = ?2)
  ORDER BY is_live, last_refreshed_at_ms, family_id LIMIT 1`;

/** Runs before {@link TAKE_OVER}. */
const FIND_REPLACEABLE = `${NEAR} ${REPLACEABLE}`;

/** Overwrites the row: D1 bills one row, instead of two for a deletion and an insertion. */
const TAKE_OVER = `${NEAR} UPDATE sessions SET family_id = ?2, client_id = ?3, label = ?4,
    created_at_ms = ?5, last_refreshed_at_ms = ?6, needed_until_ms = ?7, session_id = ?9,
    is_offline = ?10, ended_at_ms = NULL
  WHERE user_id = ?1 AND family_id = (SELECT family_id FROM (${REPLACEABLE}))`;

const REMOVE_EXPIRED = `${NEAR} DELETE FROM sessions WHERE user_id = ?1
  AND family_id IN (SELECT family_id FROM near WHERE needed_until_ms <= ?6)`;

/** Writes nothing if the row is up to date, as after {@link TAKE_OVER}. */
const UPSERT = `INSERT INTO sessions
  (user_id, family_id, client_id, label, created_at_ms, last_refreshed_at_ms, needed_until_ms,
    session_id, is_offline)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET
    label = excluded.label,
    last_refreshed_at_ms = max(last_refreshed_at_ms, excluded.last_refreshed_at_ms),
    needed_until_ms = max(needed_until_ms, excluded.needed_until_ms)
  WHERE label <> excluded.label OR last_refreshed_at_ms < excluded.last_refreshed_at_ms
    OR needed_until_ms < excluded.needed_until_ms`;

interface Replaceable {
  readonly family_id: string;
  readonly client_id: string;
  /** 0 or 1. */
  readonly is_live: number;
}

const SELECT_ENDED = `SELECT family_id FROM sessions
  WHERE user_id = ?1 AND family_id = ?2 AND ended_at_ms IS NOT NULL`;

/** The same, or its browser session was ended, for logins with or without offline access. */
const SELECT_ENDED_IN_BROWSER = `${SELECT_ENDED}
  UNION ALL SELECT session_id FROM browser_sessions
    WHERE session_id = ?3 AND iif(?4, offline_ended_at_ms, ended_at_ms) IS NOT NULL`;

/** The same, where only the row of the session says in which browser it began. */
const SELECT_ENDED_BY_ROW = `${SELECT_ENDED}
  UNION ALL SELECT browser.session_id FROM sessions AS login
    JOIN browser_sessions AS browser ON browser.session_id = login.session_id
    WHERE login.user_id = ?1 AND login.family_id = ?2
      AND iif(login.is_offline, browser.offline_ended_at_ms, browser.ended_at_ms) IS NOT NULL`;

/** The statement that finds a session that was ended other than by its own object. */
export function selectEndedSession(
  db: D1Database,
  { userId, familyId, browser }: SessionKey,
): D1PreparedStatement {
  if (browser === null) return db.prepare(SELECT_ENDED).bind(userId, familyId);
  if (browser === "unknown") return db.prepare(SELECT_ENDED_BY_ROW).bind(userId, familyId);
  const { sessionId, isOffline } = browser;
  return db.prepare(SELECT_ENDED_IN_BROWSER).bind(userId, familyId, sessionId, isOffline ? 1 : 0);
}

/** Builds the {@link SessionStore} over D1. */
export function createSessionStore(db: D1Database): SessionStore {
  return {
    async upsert(session) {
      const { userId, familyId, clientId, label, createdAtMs, lastRefreshedAtMs } = session;
      const names = [userId, familyId, clientId, label];
      const values = [...names, createdAtMs, lastRefreshedAtMs, session.neededUntilMs];
      const browser = [session.sessionId, session.isOffline ? 1 : 0];
      const statements = [
        db.prepare(FIND_REPLACEABLE).bind(...values, SESSIONS_MAX),
        db.prepare(TAKE_OVER).bind(...values, SESSIONS_MAX, ...browser),
        db.prepare(REMOVE_EXPIRED).bind(...values, SESSIONS_MAX),
        db.prepare(UPSERT).bind(...values, ...browser),
        ...(session.reportedBy === null
          ? []
          : [recordSessionClient(db, session, session.reportedBy)]),
      ];
      const [found] = await callWithDeadline("d1.note_session", () =>
        db.batch<Replaceable>(statements),
      );
      const replaced = found?.results[0];
      if (replaced?.is_live !== 1) return null;
      return { familyId: replaced.family_id, clientId: replaced.client_id };
    },

    async remove(userId, familyId) {
      const statement = db
        .prepare("DELETE FROM sessions WHERE user_id = ? AND family_id = ? AND ended_at_ms IS NULL")
        .bind(userId, familyId);
      await callWithDeadline("d1.remove_session", () => statement.run());
    },
  };
}
