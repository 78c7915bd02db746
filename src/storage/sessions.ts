import type { Session } from "../tokens/session.ts";
import { attempt } from "./attempt.ts";

/** Logins as people see them. Nothing that a client is told waits for one of these writes. */
export interface SessionStore {
  /**
   * Writes down a login, or that it was refreshed; one that was ended stays so. Takes the row of a
   * session of the user that nobody needs any more, and removes the others, so that the table needs
   * no clean-up of its own and a login costs one row.
   *
   * @throws Unavailable when D1 fails
   */
  note(session: Session): Promise<void>;
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

/** D1 charges for a deletion and an insertion, and once for a row that is overwritten. */
const TAKE_OVER = `UPDATE sessions SET family_id = ?2, client_id = ?3, label = ?4,
    created_at_ms = ?5, last_refreshed_at_ms = ?6, needed_until_ms = ?7, ended_at_ms = NULL
  WHERE user_id = ?1 AND family_id = (
    SELECT family_id FROM sessions WHERE user_id = ?1 AND needed_until_ms <= ?6 LIMIT 1)
  AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND family_id = ?2)`;

const REMOVE_NEEDLESS = "DELETE FROM sessions WHERE user_id = ? AND needed_until_ms <= ?";

/** Writes nothing when the row is as it should be, as {@link TAKE_OVER} leaves it. */
const NOTE = `INSERT INTO sessions
  (user_id, family_id, client_id, label, created_at_ms, last_refreshed_at_ms, needed_until_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET
    label = excluded.label,
    last_refreshed_at_ms = max(last_refreshed_at_ms, excluded.last_refreshed_at_ms),
    needed_until_ms = max(needed_until_ms, excluded.needed_until_ms)
  WHERE label <> excluded.label OR last_refreshed_at_ms < excluded.last_refreshed_at_ms
    OR needed_until_ms < excluded.needed_until_ms`;

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
    async note(session) {
      const { userId, familyId, clientId, label, createdAtMs, lastRefreshedAtMs } = session;
      const names = [userId, familyId, clientId, label];
      const values = [...names, createdAtMs, lastRefreshedAtMs, session.neededUntilMs];
      const statements = [
        db.prepare(TAKE_OVER).bind(...values),
        db.prepare(REMOVE_NEEDLESS).bind(userId, lastRefreshedAtMs),
        db.prepare(NOTE).bind(...values),
      ];
      await attempt("d1.note_session", () => db.batch(statements));
    },

    async remove(userId, familyId) {
      const statement = db
        .prepare("DELETE FROM sessions WHERE user_id = ? AND family_id = ? AND ended_at_ms IS NULL")
        .bind(userId, familyId);
      await attempt("d1.remove_session", () => statement.run());
    },
  };
}
