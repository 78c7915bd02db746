import { digestText, toHex } from "../crypto/bytes.ts";
import type { Deps } from "../deps.ts";
import { brandedPolicy } from "../pages/layout.ts";
import { chooseLanguage, type PageContext } from "../pages/page-context.ts";
import type { Lookups } from "../storage/lookups.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import {
  type BrowserSessionCookie,
  isRenewalDue,
  SESSION_COOKIE,
  SESSION_ID_BYTES,
} from "../tokens/browser-session.ts";
import {
  checkSession,
  endBrowserSession,
  loginsOf,
  readSessionCookie,
  type SignedIn,
} from "../users/browser-session.ts";
import { readCookie, writeCookie } from "./cookies.ts";
import type { RequestContext } from "./request-context.ts";
import { html, NO_STORE, redirect } from "./respond.ts";

/** The browser that a request comes from. */
export interface Browser {
  readonly context: RequestContext;
  readonly issuerUrl: string;
  /** Before anything was looked up, in milliseconds: later changes end what the request begins. */
  readonly receivedAtMs: number;
  /** SHA-256 of the cookie that tells this browser from others, signed in or not. */
  readonly digest: string;
  /** Who was signed in, if what is looked up agrees. Null: no valid cookie. */
  readonly session: BrowserSessionCookie | null;
  /** How pages look and read. */
  readonly page: PageContext;
  /** The `Set-Cookie` headers of the response. */
  readonly setCookies: string[];
}

/**
 * Reads the cookies of a request, without looking anything up. Its pages are in the language of the
 * browser until {@link preferLanguage}.
 */
export async function readBrowser(context: RequestContext, deps: Deps): Promise<Browser> {
  const issuerUrl = context.issuerUrl;
  const receivedAtMs = deps.clock();
  const { headers } = context.request;
  const known = readCookie(context, "browser");
  const id = known ?? toHex(deps.browser.random(SESSION_ID_BYTES));
  const language = chooseLanguage(undefined, headers.get("Accept-Language"));
  const value = readCookie(context, "session");
  return {
    context,
    issuerUrl,
    receivedAtMs,
    digest: await digestText(id),
    session: await readSessionCookie(value, issuerUrl, receivedAtMs, deps.browser),
    page: { brand: deps.browser.brand, language },
    setCookies: known === null ? [writeCookie(context, "browser", id)] : [],
  };
}

/** Looks up who is signed in, in the batch of what was started before. */
export async function findSignedIn(
  { session: cookie }: Browser,
  lookups: Lookups,
): Promise<SignedIn | null> {
  if (cookie === null) return null;
  const [session, user] = [lookups.browserSession(cookie.sessionId), lookups.user(cookie.userId)];
  return checkSession(cookie, await session, await user);
}

/** The same browser, with pages in the language that the client wishes for, if there is one. */
export function preferLanguage(browser: Browser, uiLocales: string | undefined): Browser {
  const accepted = browser.context.request.headers.get("Accept-Language");
  return { ...browser, page: { ...browser.page, language: chooseLanguage(uiLocales, accepted) } };
}

/** Makes the response set the cookie of a new sign-in, or of a session that was used. */
export async function setSessionCookie(
  { context, setCookies }: Browser,
  cookie: BrowserSessionCookie,
  deps: Deps,
): Promise<void> {
  const value = await SESSION_COOKIE.seal(deps.browser.sessionRing, cookie);
  const seconds = cookie.isShared ? null : Math.floor(deps.browser.sessionPolicy.absoluteMs / 1000);
  setCookies.push(writeCookie(context, "session", value, seconds));
}

/** Makes the response set the cookie again if its last use is long ago: no row records that. */
export async function renewSessionCookie(
  browser: Browser,
  cookie: BrowserSessionCookie,
  deps: Deps,
): Promise<void> {
  const nowMs = deps.clock();
  if (!isRenewalDue(cookie, nowMs, deps.browser.sessionPolicy)) return;
  await setSessionCookie(browser, { ...cookie, usedAtMs: nowMs }, deps);
}

/** Makes the response remove the cookie. */
function removeSessionCookie({ context, setCookies }: Browser): void {
  setCookies.push(writeCookie(context, "session", "", 0));
}

/**
 * Signs the user out of this browser: ends the session, and the logins that began in it.
 *
 * @param session null: no one is signed in, and only an old cookie may be left
 * @throws Unavailable
 */
export async function signOut(
  browser: Browser,
  session: SignedIn | null,
  deps: Deps,
): Promise<void> {
  if (session !== null) {
    const { cookie, user } = session;
    setLogFields({ userId: user.id });
    const nowMs = deps.clock();
    await endBrowserSession(cookie, loginsOf(cookie), "signed_out", nowMs, deps.browser);
  }
  removeSessionCookie(browser);
}

/** How a page is sent. */
interface Showing {
  readonly status?: number;
  /** `anywhere`: the response to its form can end at a client. */
  readonly forms: "none" | "self" | "anywhere";
  readonly retryAfterSeconds?: number | null;
}

/** Sends a page, which no cache keeps. */
export function showPage(
  { page, setCookies }: Browser,
  body: string,
  { status = 200, forms, retryAfterSeconds = null }: Showing,
): Response {
  const headers = new Headers({
    ...NO_STORE,
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": brandedPolicy(page.brand, forms),
    // With `no-referrer`, browsers would send the forms of the page with `Origin: null`.
    "Referrer-Policy": "same-origin",
    Vary: "Accept-Language, Cookie",
  });
  if (retryAfterSeconds !== null) headers.set("Retry-After", String(retryAfterSeconds));
  for (const cookie of setCookies) headers.append("Set-Cookie", cookie);
  return html(body, status, headers);
}

/** Sends the browser elsewhere: by GET, whatever the method was (RFC 9700 §4.12). */
export function sendTo({ context, setCookies }: Browser, location: string): Response {
  return redirect(location, context.request.method === "POST" ? 303 : 302, setCookies);
}
