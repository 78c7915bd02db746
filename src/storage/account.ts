import { callWithDeadline } from "../isolate.ts";
import {
  type BrowserSession,
  type BrowserSessionReference,
  type BrowserSessionRow,
  endOtherBrowserSessions,
  selectLatestBrowserSessions,
  toBrowserSession,
} from "./browser-sessions.ts";
import {
  type NamedConsent,
  type NamedConsentRow,
  selectLatestConsents,
  toNamedConsent,
} from "./consents.ts";
import {
  type AnnounceEnd,
  reportEnd,
  reportEndOfLogin,
  reportedClients,
} from "./session-clients.ts";
import {
  markSessionEnded,
  markSessionsEnded,
  type SessionReference,
  type SessionRow,
  selectLatestSessions,
  selectSession,
} from "./session-rows.ts";

/** Where a user is signed in, and who may act for them: the latest first. */
export interface AccountAccess {
  readonly sessions: readonly BrowserSession[];
  readonly logins: readonly SessionRow[];
  readonly consents: readonly NamedConsent[];
}

/** Changes by users themselves. Both methods throw Unavailable when D1 fails. */
export interface AccountStore {
  /** Ends one login of the user. @returns it, or null if the user has no such login */
  endLogin(login: SessionReference): Promise<SessionRow | null>;
  /** Ends all logins of the user, and all browser sessions except this one. */
  endOthers(current: BrowserSessionReference, nowMs: number): Promise<void>;
}

/** Most items of each kind that a page shows. Ending all ends those that are not shown too. */
const SHOWN_MAX = 100;

type Rows = readonly Record<string, unknown>[];

/** The statements that read {@link AccountAccess}. */
export function selectAccess(db: D1Database, userId: string): D1PreparedStatement[] {
  return [
    selectLatestBrowserSessions(db, userId, SHOWN_MAX),
    selectLatestSessions(db, userId, SHOWN_MAX),
    selectLatestConsents(db, userId, SHOWN_MAX),
  ];
}

/** Reads the results of {@link selectAccess}. */
export function toAccess(sessions: Rows = [], logins: Rows = [], consents: Rows = []) {
  return {
    sessions: (sessions as unknown as BrowserSessionRow[]).map(toBrowserSession),
    logins: logins as unknown as SessionRow[],
    consents: (consents as unknown as NamedConsentRow[]).map(toNamedConsent),
  } satisfies AccountAccess;
}

/** Builds the {@link AccountStore} over D1. */
export function createAccountStore(db: D1Database, announce: AnnounceEnd): AccountStore {
  return {
    async endLogin(login) {
      const statements = [
        selectSession(db, login),
        ...reportEndOfLogin(db, login.userId, login.sessionId),
        ...markSessionEnded(db, login),
      ];
      const results = await callWithDeadline("d1.end_login", () =>
        db.batch<SessionRow>(statements),
      );
      announce(reportedClients(results));
      return results[0]?.results[0] ?? null;
    },

    async endOthers(current, nowMs) {
      const statements = [
        endOtherBrowserSessions(db, current, nowMs),
        ...markSessionsEnded(db, current.userId),
        // The logins of this browser end too.
        ...reportEnd(db, { userId: current.userId }),
      ];
      const results = await callWithDeadline("d1.end_other_sessions", () => db.batch(statements));
      announce(reportedClients(results));
    },
  };
}
