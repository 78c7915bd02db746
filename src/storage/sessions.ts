import { callWithDeadline } from "../deadline.ts";
import type { Session } from "../tokens/session.ts";

/** Logins as people see them. Nothing that a client is told waits for one of these writes. */
export interface SessionStore {
  /**
   * Writes down a login, or that it was refreshed; one that was ended stays so. Takes the row of a
   * session of the user that nobody needs any more, and removes others, so that the table needs no
   * clean-up of its own and a login costs one row.
   *
   * @returns a live session whose row it took, since the user has too many: it is to be ended
   * @throws Unavailable when D1 fails
   */
  upsert(session: Session): Promise<Pick<Session, "familyId" | "clientId"> | null>;
  /**
   * Takes a session whose family has ended from the list. The mark of one that management ended
   * stays.
   *
   * @throws Unavailable
   */
  remove(userId: string, familyId: string): Promise<void>;
}

/**
 * How long the note that a session was ended is kept, in milliseconds: no refresh token lives for
 * more than a year, whatever the settings become.
 */
export const ENDED_KEPT_MS = 366 * 86_400_000;

/** Sessions that one user may have. With one more, the least recently refreshed one ends. */
export const SESSIONS_MAX = 1000;

/**
 * At most {@link SESSIONS_MAX} other sessions of the user, from the place of this one on: ids are
 * random, so each login looks at others, and the cost of one has a limit whatever is stored.
 */
const NEAR = `WITH near AS (SELECT * FROM (
    SELECT * FROM (SELECT * FROM sessions WHERE user_id = ?1 AND family_id > ?2
      ORDER BY family_id LIMIT ?8)
    UNION ALL
    SELECT * FROM (SELECT * FROM sessions WHERE user_id = ?1 AND family_id < ?2
      ORDER BY family_id LIMIT ?8)
  ) LIMIT ?8)`;

/** One that is not needed any more, or of too many the least recently refreshed; a mark stays. */
const REPLACEABLE = `SELECT family_id, client_id, needed_until_ms > ?6 AS is_live FROM near
  WHERE (needed_until_ms <= ?6
    OR ended_at_ms IS NULL AND (SELECT count(*) FROM near) >= ?8)
  AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND family_id = ?2)
  ORDER BY is_live, last_refreshed_at_ms, family_id LIMIT 1`;

/** Before it is taken over. */
const FIND_REPLACEABLE = `${NEAR} ${REPLACEABLE}`;

/** D1 charges for a deletion and an insertion, and once for a row that is overwritten. */
const TAKE_OVER = `${NEAR} UPDATE sessions SET family_id = ?2, client_id = ?3, label = ?4,
    created_at_ms = ?5, last_refreshed_at_ms = ?6, needed_until_ms = ?7, session_id = ?9,
    ended_at_ms = NULL
  WHERE user_id = ?1 AND family_id = (SELECT family_id FROM (${REPLACEABLE}))`;

const REMOVE_NEEDLESS = `${NEAR} DELETE FROM sessions WHERE user_id = ?1
  AND family_id IN (SELECT family_id FROM near WHERE needed_until_ms <= ?6)`;

/** Writes nothing when the row is as it should be, as {@link TAKE_OVER} leaves it. */
const NOTE = `INSERT INTO sessions
  (user_id, family_id, client_id, label, created_at_ms, last_refreshed_at_ms, needed_until_ms,
    session_id)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
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

/** The statement that finds a session if it was ended. */
export function selectEndedSession(
  db: D1Database,
  { userId, familyId }: Pick<Session, "userId" | "familyId">,
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT family_id FROM sessions
       WHERE user_id = ? AND family_id = ? AND ended_at_ms IS NOT NULL`,
    )
    .bind(userId, familyId);
}

/** Builds the {@link SessionStore} over D1. */
export function createSessionStore(db: D1Database): SessionStore {
  return {
    async upsert(session) {
      const { userId, familyId, clientId, label, createdAtMs, lastRefreshedAtMs } = session;
      const names = [userId, familyId, clientId, label];
      const values = [...names, createdAtMs, lastRefreshedAtMs, session.neededUntilMs];
      const statements = [
        db.prepare(FIND_REPLACEABLE).bind(...values, SESSIONS_MAX),
        db.prepare(TAKE_OVER).bind(...values, SESSIONS_MAX, session.sessionId),
        db.prepare(REMOVE_NEEDLESS).bind(...values, SESSIONS_MAX),
        db.prepare(NOTE).bind(...values, session.sessionId),
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
