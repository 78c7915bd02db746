import { fromUtf8, utf8 } from "../crypto/bytes.ts";
import { type KeyRing, sealToken, unsealToken } from "../crypto/seal.ts";

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
export const SESSION_COOKIE_PREFIX = "tgs_";

/** Purpose of the ring that seals cookies. */
export const SESSION_COOKIE_PURPOSE = "browser session";

/** Length of a `sid` and of a cookie's id, in bytes. */
export const SESSION_ID_BYTES = 16;

/** Writes the value of the cookie. */
export function sealSessionCookie(ring: KeyRing, cookie: BrowserSessionCookie): Promise<string> {
  return sealToken(SESSION_COOKIE_PREFIX, ring.sealing, utf8(JSON.stringify(cookie)));
}

/** Reads the value of a cookie. @returns null for anything else */
export async function unsealSessionCookie(
  ring: KeyRing,
  value: string,
): Promise<BrowserSessionCookie | null> {
  const opened = await unsealToken(SESSION_COOKIE_PREFIX, ring, value);
  const text = opened && fromUtf8(opened.plaintext);
  return text === null ? null : JSON.parse(text);
}

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
