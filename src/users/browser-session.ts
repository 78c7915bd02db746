import { type Random, toHex } from "../crypto/bytes.ts";
import type { KeyRing } from "../crypto/key-ring.ts";
import type {
  BrowserSession,
  BrowserSessionReference,
  BrowserSessionStore,
  EndedLogins,
} from "../storage/browser-sessions.ts";
import type { User } from "../storage/users.ts";
import { audit } from "../telemetry/request-log.ts";
import {
  type BrowserSessionCookie,
  type BrowserSessionPolicy,
  isWithinLifetime,
  SESSION_COOKIE,
  SESSION_ID_BYTES,
} from "../tokens/browser-session.ts";

/** What sign-in in a browser needs. */
export interface BrowserSessionDeps {
  readonly sessionRing: KeyRing;
  readonly browserSessions: BrowserSessionStore;
  readonly sessionPolicy: BrowserSessionPolicy;
  readonly random: Random;
}

/** Who is signed in in a browser. */
export interface SignedIn {
  readonly user: User;
  readonly cookie: BrowserSessionCookie;
}

/**
 * Reads the cookie of a request, without looking anything up.
 *
 * @returns null if there is none, or it is forged, expired or of another issuer
 */
export async function readSessionCookie(
  value: string | null,
  issuerUrl: string,
  nowMs: number,
  { sessionRing, sessionPolicy }: BrowserSessionDeps,
): Promise<BrowserSessionCookie | null> {
  const cookie = value === null ? null : await SESSION_COOKIE.unseal(sessionRing, value);
  if (cookie === null || cookie.issuerUrl !== issuerUrl) return null;
  return isWithinLifetime(cookie, nowMs, sessionPolicy) ? cookie : null;
}

/** Decides whether the cookie is still valid, from what was looked up for it. */
export function checkSession(
  cookie: BrowserSessionCookie,
  session: BrowserSession | null,
  user: User | null,
): SignedIn | null {
  const isOwn = session?.userId === cookie.userId && session.cookieId === cookie.cookieId;
  if (!isOwn || session.endedAtMs !== null || !user?.isActive) return null;
  return cookie.authenticatedAtMs < user.notBeforeMs ? null : { user, cookie };
}

/** A sign-in by password. */
export interface NewSignIn {
  readonly user: User;
  readonly issuerUrl: string;
  /** From the browser's `User-Agent`. */
  readonly label: string;
  readonly isShared: boolean;
  /** Who was signed in here; null: the browser had no valid session. */
  readonly previous: SignedIn | null;
  /** When the request arrived: a change that its look-ups did not see is later. */
  readonly receivedAtMs: number;
}

/**
 * Signs a user in. The cookie always has a new id, so that no one can set it beforehand. The `sid`
 * stays if the same user was signed in here; another user's session ends.
 *
 * @throws Unavailable
 */
export async function startSession(signIn: NewSignIn, deps: BrowserSessionDeps): Promise<SignedIn> {
  const { user, issuerUrl, label, isShared, previous, receivedAtMs } = signIn;
  // The look-up saw changes up to this instant, so they must not end this session.
  const authenticatedAtMs = Math.max(receivedAtMs, user.notBeforeMs);
  const replaced = previous?.cookie.sessionId ?? null;
  const isSame = previous?.user.id === user.id;
  const newId = () => toHex(deps.random(SESSION_ID_BYTES));
  const cookie: BrowserSessionCookie = {
    issuerUrl,
    sessionId: isSame && replaced !== null ? replaced : newId(),
    cookieId: newId(),
    userId: user.id,
    authenticatedAtMs,
    amr: ["pwd"],
    usedAtMs: receivedAtMs,
    isShared,
  };
  const { sessionId, cookieId } = cookie;
  const neededUntilMs = authenticatedAtMs + deps.sessionPolicy.absoluteMs;
  const row = { sessionId, cookieId, userId: user.id, label, authenticatedAtMs, neededUntilMs };
  const ended = isSame ? null : (previous?.cookie ?? null);
  await deps.browserSessions.signIn(row, ended, loginsOf(ended));
  if (ended !== null) auditEnd(ended, "another_user");
  audit({ action: "signed_in", userId: user.id });
  return { user, cookie };
}

/** Which logins end when a user leaves a browser: on a device of others, none goes on. */
export function loginsOf(cookie: BrowserSessionCookie | null): EndedLogins {
  return cookie?.isShared === true ? "all" : "online";
}

/** Why a browser session was ended, for audit events. */
export type SessionEndReason =
  /** The user signed out in this browser. */
  | "signed_out"
  /** The user ended it from another browser. */
  | "account_page"
  /** The user ended all others, and all logins. */
  | "all_others"
  /** Another user signed in in this browser. */
  | "another_user";

/**
 * Ends a browser session and logins that began in it, for good: the mark in D1 ends them for
 * everything but fast checks, which accept their access tokens until those expire. Other browsers
 * stay signed in. Can be repeated.
 *
 * @param logins `online`: those with offline access go on
 * @throws Unavailable
 */
export async function endBrowserSession(
  session: BrowserSessionReference,
  logins: EndedLogins,
  reason: SessionEndReason,
  nowMs: number,
  { browserSessions }: BrowserSessionDeps,
): Promise<void> {
  if (await browserSessions.end(session, logins, nowMs)) auditEnd(session, reason);
}

/** Audits the end of browser sessions. */
export function auditEnd({ userId }: BrowserSessionReference, reason: SessionEndReason): void {
  audit({ action: "browser_session_ended", userId, reason });
}
