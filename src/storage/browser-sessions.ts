import { callWithDeadline } from "../isolate.ts";
import { type AnnounceEnd, reportEnd, reportedClients } from "./session-clients.ts";
import { ENDED_KEPT_MS } from "./session-rows.ts";

/** A browser in which a user signed in, until the session is ended or expires. */
export interface BrowserSession {
  readonly sessionId: string;
  readonly userId: string;
  /** The id of the only cookie that is valid. */
  readonly cookieId: string;
  /** From the browser's `User-Agent`. */
  readonly label: string;
  readonly createdAtMs: number;
  readonly authenticatedAtMs: number;
  /** Null: it was not ended. It may have expired. */
  readonly endedAtMs: number | null;
}

/** A row of the table `browser_sessions`. */
export interface BrowserSessionRow {
  session_id: string;
  user_id: string;
  cookie_id: string;
  label: string;
  created_at_ms: number;
  authenticated_at_ms: number;
  ended_at_ms: number | null;
  /** Until when a cookie of the session, or its mark as ended, can matter. */
  needed_until_ms: number;
}

/** A sign-in. */
interface BrowserSignIn extends Omit<BrowserSession, "createdAtMs" | "endedAtMs"> {
  readonly neededUntilMs: number;
}

/** Which browser session of which user. */
export interface BrowserSessionReference {
  readonly userId: string;
  readonly sessionId: string;
}

/**
 * Which logins end with the browser session in which they began. `online`: those without offline
 * access, as when the user signs out. `all`: also the others, as when the device is lost.
 */
export type EndedLogins = "online" | "all";

/** Changes to browser sessions. All methods throw Unavailable when D1 fails. */
export interface BrowserSessionStore {
  /**
   * Stores a sign-in: a new session, or a new cookie of the same user's session in this browser.
   *
   * @param replaced the session of another user in this browser, which ends; or null
   * @param logins that end with it
   */
  signIn(
    session: BrowserSignIn,
    replaced: BrowserSessionReference | null,
    logins: EndedLogins,
  ): Promise<void>;
  /**
   * Ends a session and logins that began in it, for good.
   *
   * @returns whether it was live
   */
  end(session: BrowserSessionReference, logins: EndedLogins, nowMs: number): Promise<boolean>;
}

/** Most live browser sessions of a user. With more, the one that expires first is removed. */
const BROWSER_SESSIONS_MAX = 100;

const COLUMNS = `session_id, user_id, cookie_id, label, created_at_ms, authenticated_at_ms,
  ended_at_ms, needed_until_ms`;

const SELECT = `SELECT ${COLUMNS} FROM browser_sessions WHERE session_id = ?`;

/** The database's clock. */
const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/** Not ended by its mark, by time, or by what ends everything of the user. */
const LIVE = `SELECT browser.* FROM browser_sessions AS browser
  JOIN users ON users.id = browser.user_id AND users.is_active = 1
    AND users.not_before_ms <= browser.authenticated_at_ms
  WHERE user_id = ?1 AND ended_at_ms IS NULL
    AND needed_until_ms > ${NOW_MS}`;

/** All, which have a limit: {@link BROWSER_SESSIONS_MAX}, and the marks of ended ones. */
const LATEST = `${LIVE} ORDER BY authenticated_at_ms DESC, session_id LIMIT ?2`;

/** One page, in the order of ids. */
const LIST = `${LIVE} AND session_id > ?2 ORDER BY session_id LIMIT ?3`;

/** An ended session does not begin again: its id is in tokens that have ended. */
const UPSERT = `INSERT INTO browser_sessions (session_id, user_id, cookie_id, label, created_at_ms,
    authenticated_at_ms, needed_until_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)
  ON CONFLICT DO UPDATE SET cookie_id = ?3, label = ?4, authenticated_at_ms = ?5,
    needed_until_ms = ?6
  WHERE user_id = ?2 AND ended_at_ms IS NULL`;

/** The mark is kept for as long as a login of the session can live. */
const END = `UPDATE browser_sessions SET ended_at_ms = coalesce(?3, ${NOW_MS}),
    needed_until_ms = coalesce(?3, ${NOW_MS}) + ?4,
    offline_ended_at_ms = iif(?5, coalesce(?3, ${NOW_MS}), NULL)
  WHERE session_id = ?2 AND user_id = ?1 AND ended_at_ms IS NULL`;

const END_OTHERS = `UPDATE browser_sessions SET ended_at_ms = ?3, needed_until_ms = ?3 + ?4,
    offline_ended_at_ms = ?3
  WHERE session_id <> ?2 AND user_id = ?1 AND ended_at_ms IS NULL`;

/** Each sign-in removes a few, so that no job is needed. */
const REMOVE_EXPIRED = `DELETE FROM browser_sessions WHERE session_id IN (
  SELECT session_id FROM browser_sessions WHERE user_id = ?1 AND needed_until_ms <= ?2 LIMIT 10)`;

/** Marks of ended sessions do not count: without its mark, a login would be valid again. */
const REMOVE_EXCESS = `DELETE FROM browser_sessions WHERE session_id = (
  SELECT session_id FROM browser_sessions WHERE user_id = ?1 AND ended_at_ms IS NULL
  ORDER BY needed_until_ms DESC LIMIT 1 OFFSET ?2)`;

/** The statement that finds a browser session, ended or not. */
export function selectBrowserSession(db: D1Database, sessionId: string): D1PreparedStatement {
  return db.prepare(SELECT).bind(sessionId);
}

/** The statement that reads the live browser sessions of a user, the latest first. */
export function selectLatestBrowserSessions(
  db: D1Database,
  userId: string,
  limit: number,
): D1PreparedStatement {
  return db.prepare(LATEST).bind(userId, limit);
}

/** The statement that ends all browser sessions of a user but one, with all of their logins. */
export function endOtherBrowserSessions(
  db: D1Database,
  { userId, sessionId }: BrowserSessionReference,
  nowMs: number,
): D1PreparedStatement {
  return db.prepare(END_OTHERS).bind(userId, sessionId, nowMs, ENDED_KEPT_MS);
}

/** The statement that reads a page of a user's live browser sessions, in the order of ids. */
export function selectBrowserSessions(
  db: D1Database,
  userId: string,
  page: { readonly after: string; readonly limit: number },
): D1PreparedStatement {
  return db.prepare(LIST).bind(userId, page.after, page.limit);
}

/** The statement of {@link BrowserSessionStore.end}. @param nowMs null: the database's clock */
export function endBrowserSession(
  db: D1Database,
  { userId, sessionId }: BrowserSessionReference,
  logins: EndedLogins,
  nowMs: number | null,
): D1PreparedStatement {
  const isAll = logins === "all" ? 1 : 0;
  return db.prepare(END).bind(userId, sessionId, nowMs, ENDED_KEPT_MS, isAll);
}

/** The statement that removes the sessions of a user who is deleted. */
export function removeBrowserSessions(db: D1Database, username: string): D1PreparedStatement {
  return db
    .prepare(
      "DELETE FROM browser_sessions WHERE user_id = (SELECT id FROM users WHERE username = ?)",
    )
    .bind(username);
}

/** Reads a row of `browser_sessions`. */
export function toBrowserSession(row: BrowserSessionRow): BrowserSession {
  return {
    sessionId: row.session_id,
    userId: row.user_id,
    cookieId: row.cookie_id,
    label: row.label,
    createdAtMs: row.created_at_ms,
    authenticatedAtMs: row.authenticated_at_ms,
    endedAtMs: row.ended_at_ms,
  };
}

/** Builds the {@link BrowserSessionStore} over D1. */
export function createBrowserSessionStore(
  db: D1Database,
  announce: AnnounceEnd,
): BrowserSessionStore {
  return {
    async signIn(session, replaced, logins) {
      const { sessionId, userId, cookieId, label, authenticatedAtMs, neededUntilMs } = session;
      const values = [sessionId, userId, cookieId, label, authenticatedAtMs, neededUntilMs];
      const statements = [
        ...(replaced === null
          ? []
          : [
              endBrowserSession(db, replaced, logins, authenticatedAtMs),
              ...reportEnd(db, replaced),
            ]),
        db.prepare(REMOVE_EXPIRED).bind(userId, authenticatedAtMs),
        db.prepare(UPSERT).bind(...values),
        db.prepare(REMOVE_EXCESS).bind(userId, BROWSER_SESSIONS_MAX),
      ];
      const results = await callWithDeadline("d1.sign_in_browser", () => db.batch(statements));
      announce(reportedClients(results));
    },

    async end(session, logins, nowMs) {
      const statements = [endBrowserSession(db, session, logins, nowMs), ...reportEnd(db, session)];
      const results = await callWithDeadline("d1.end_browser_session", () => db.batch(statements));
      announce(reportedClients(results));
      return (results[0]?.meta.changes ?? 0) > 0;
    },
  };
}
