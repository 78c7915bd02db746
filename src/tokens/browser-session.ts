import { sealedKind } from "./sealed-json.ts";

/** The cookie of a signed-in browser. Its row in D1 says whether it is still valid. */
export interface BrowserSessionCookie {
  readonly issuerUrl: string;
  /** The `sid`: stays the same when the same user signs in again in this browser. */
  readonly sessionId: string;
  /** Changes at every sign-in, so that an older cookie is not valid. */
  readonly cookieId: string;
  readonly userId: string;
  /** `auth_time`, in milliseconds since the epoch. */
  readonly authenticatedAtMs: number;
  /** How the user authenticated (RFC 8176). */
  readonly amr: readonly string[];
  /** When this cookie was written, in milliseconds: the idle time counts from here. */
  readonly usedAtMs: number;
  /** Whether the session ends with the browser: the user's device is not their own. */
  readonly isShared: boolean;
}

/** Lifetimes of a browser session, in milliseconds. */
export interface BrowserSessionPolicy {
  readonly idleMs: number;
  readonly absoluteMs: number;
}

/** How a sealed cookie begins. */
const SESSION_COOKIE_PREFIX = "tgb_";

/** Purpose of the ring that seals cookies. */
export const SESSION_COOKIE_PURPOSE = "browser session";

/** Length of a `sid` and of a cookie's id, in bytes. */
export const SESSION_ID_BYTES = 16;

/** Writes and reads the value of the cookie. */
export const SESSION_COOKIE = sealedKind<BrowserSessionCookie>(SESSION_COOKIE_PREFIX);

/** Whether neither the idle nor the absolute lifetime has passed. */
export function isWithinLifetime(
  { usedAtMs, authenticatedAtMs }: BrowserSessionCookie,
  nowMs: number,
  { idleMs, absoluteMs }: BrowserSessionPolicy,
): boolean {
  return nowMs < usedAtMs + idleMs && nowMs < authenticatedAtMs + absoluteMs;
}

/** How often the cookie is written again, as a part of the idle time: not with every page. */
const RENEWALS_PER_IDLE_TIME = 24;

/** Whether the cookie should be written again, to record its last use. */
export function isRenewalDue(
  { usedAtMs }: BrowserSessionCookie,
  nowMs: number,
  { idleMs }: BrowserSessionPolicy,
): boolean {
  return nowMs - usedAtMs >= idleMs / RENEWALS_PER_IDLE_TIME;
}
