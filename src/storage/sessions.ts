/**
 * The sessions of users, in a list for people. A row is written after the response and may lag;
 * only the list and ending a session depend on it.
 */
import { callWithDeadline } from "../isolate.ts";
import { OFFLINE_SCOPE } from "../protocol/names.ts";
import type { Scope } from "../protocol/scope.ts";
import type { Authorization } from "../tokens/authorization.ts";
import type { FamilyPolicy } from "../tokens/family.ts";
import type { RefreshToken } from "../tokens/refresh-token.ts";
import { recordSessionClient } from "./session-clients.ts";

/** The row of one login, updated while it is refreshed. */
export interface Session {
  readonly userId: string;
  readonly familyId: string;
  /** The browser session (`sid`) in which the login began, or null: it began without one. */
  readonly sessionId: string | null;
  /** Whether it has offline access, and so outlives a sign-out from that browser. */
  readonly isOffline: boolean;
  readonly clientId: string;
  /** The issuer that tells the client when the browser session ends, or null: none does. */
  readonly reportedBy: string | null;
  /** From the client's `User-Agent`, at most {@link LABEL_LENGTH_MAX} characters. */
  readonly label: string;
  /** All instants in milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly lastRefreshedAtMs: number;
  /** When the row can be removed. */
  readonly neededUntilMs: number;
}

/** What decides whether a login was ended from outside of its object. */
export interface SessionKey extends Pick<Session, "userId" | "familyId"> {
  /**
   * The browser session in which the login began; null: it began without a browser. `unknown`: an
   * access token does not say, and the row of the session is asked.
   */
  readonly browser: Pick<Session, "sessionId" | "isOffline"> | "unknown" | null;
}

/** The {@link SessionKey} of a token. */
export function sessionKeyOf({
  subject: userId,
  familyId,
  sessionId,
  scope,
}: Pick<RefreshToken, "subject" | "familyId" | "sessionId" | "scope">): SessionKey {
  const browser = sessionId === null ? null : { sessionId, isOffline: isOffline(scope) };
  return { userId, familyId, browser };
}

/** The row of a login that began or was refreshed now. */
export function toSession(
  login: Pick<
    RefreshToken,
    "subject" | "familyId" | "sessionId" | "clientId" | "scope" | "createdAtMs"
  >,
  { label, issuerUrl, reportsLogout }: Authorization,
  nowMs: number,
  policy: FamilyPolicy,
): Session {
  const { subject: userId, familyId, sessionId, clientId, scope, createdAtMs } = login;
  const reportedBy = reportsLogout && sessionId !== null ? issuerUrl : null;
  const ids = { userId, familyId, sessionId, clientId, reportedBy };
  const neededUntilMs = sessionNeededUntilMs(createdAtMs, nowMs, policy);
  const instants = { createdAtMs, lastRefreshedAtMs: nowMs, neededUntilMs };
  return { ...ids, isOffline: isOffline(scope), label, ...instants };
}

function isOffline(scope: Scope): boolean {
  return scope.includes(OFFLINE_SCOPE);
}

/** Longest label, in characters: mobile browsers name themselves at the end of 170. */
const LABEL_LENGTH_MAX = 200;

const DAY_MS = 86_400_000;

/** Updates of a row per idle lifetime: exact enough for a list. */
const UPDATES_PER_IDLE_TIME = 10;

/** Makes the label of a session: one line without control characters. */
export function makeLabel(userAgent: string | null): string {
  // Shortened first: this may cut a surrogate pair, whose half is then replaced.
  return (userAgent ?? "").slice(0, LABEL_LENGTH_MAX).replace(/\p{C}/gu, " ").trim();
}

/**
 * Whether a refresh must update the session's row. Each update writes a row of D1, so the time
 * since the login is divided into equal intervals, and only the first refresh in each updates: once
 * a day for long sessions, at a different time for each session.
 */
export function isUpdateDue(
  { createdAtMs, issuedAtMs }: Pick<RefreshToken, "createdAtMs" | "issuedAtMs">,
  nowMs: number,
  policy: FamilyPolicy,
): boolean {
  const interval = (atMs: number) => Math.floor((atMs - createdAtMs) / updateIntervalMs(policy));
  return interval(issuedAtMs) !== interval(nowMs);
}

/**
 * When a session that is updated now, and refreshed until just before the next update, has expired:
 * its last refresh token, and its last access token, which may live longer.
 */
export function sessionNeededUntilMs(
  createdAtMs: number,
  nowMs: number,
  policy: FamilyPolicy,
): number {
  const absoluteEndMs = createdAtMs + policy.absoluteMs;
  const lastRefreshMs = Math.min(nowMs + updateIntervalMs(policy), absoluteEndMs);
  const refreshEndMs = Math.min(lastRefreshMs + policy.idleMs, absoluteEndMs);
  return Math.max(refreshEndMs, lastRefreshMs + policy.accessTokenMs);
}

function updateIntervalMs({ idleMs }: FamilyPolicy): number {
  return Math.min(DAY_MS, Math.ceil(idleMs / UPDATES_PER_IDLE_TIME));
}

/** Writes the rows. No response waits for it. */
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

/** Most sessions of one user. With one more, the least recently refreshed one ends. */
export const SESSIONS_MAX = 1000;

/** A mark of an ended session has to stay, and does not count. */
const NO_MARK = "(ended_at_ms IS NULL OR needed_until_ms <= ?6)";

/**
 * At most {@link SESSIONS_MAX} other sessions of the user, in the order of ids after this one. Ids
 * are random, so each login looks at different ones, at a limited cost.
 */
const NEAR = `WITH near AS (SELECT * FROM (
    SELECT * FROM (SELECT * FROM sessions WHERE user_id = ?1 AND family_id > ?2 AND ${NO_MARK}
      ORDER BY family_id LIMIT ?8)
    UNION ALL
    SELECT * FROM (SELECT * FROM sessions WHERE user_id = ?1 AND family_id < ?2 AND ${NO_MARK}
      ORDER BY family_id LIMIT ?8)
  ) LIMIT ?8)`;

/** An expired session or, if there are too many, the least recently refreshed one. */
const REPLACEABLE = `SELECT family_id, client_id, needed_until_ms > ?6 AS is_live FROM near
  WHERE (needed_until_ms <= ?6 OR (SELECT count(*) FROM near) >= ?8)
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
        ...(session.reportedBy === null
          ? []
          : recordSessionClient(db, session, session.reportedBy)),
        db.prepare(TAKE_OVER).bind(...values, SESSIONS_MAX, ...browser),
        db.prepare(REMOVE_EXPIRED).bind(...values, SESSIONS_MAX),
        db.prepare(UPSERT).bind(...values, ...browser),
      ];
      const [found] = await callWithDeadline("d1.note_session", () =>
        db.batch<{ family_id: string; client_id: string; is_live: 0 | 1 }>(statements),
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
