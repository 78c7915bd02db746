import {
  clientOfLogout,
  formatLogoutRequest,
  readLogoutRequest,
  requireLogoutTarget,
} from "../authorization/logout-request.ts";
import type { Client } from "../clients/client.ts";
import { digestText } from "../crypto/bytes.ts";
import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import type { IdTokenHint } from "../issuer/id-token.ts";
import { SEALED_FIELD } from "../pages/markup.ts";
import { signOutPage } from "../pages/sign-out-page.ts";
import { signedOutPage } from "../pages/signed-out-page.ts";
import { decodeForm } from "../protocol/params.ts";
import { addToRedirectUri } from "../protocol/redirect-uri.ts";
import { createLookups } from "../storage/lookups.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import type { SignedIn } from "../users/browser-session.ts";
import { compareUris, showProblem } from "./authorization-responses.ts";
import {
  type Browser,
  findSignedIn,
  preferLanguage,
  readBrowser,
  sendTo,
  showPage,
  signOut,
} from "./browser.ts";
import { readHint } from "./id-token-hint.ts";
import { isFormOf, type OwnForm, openForm, sealForm } from "./own-form.ts";
import { readForm } from "./read-form.ts";
import type { RequestContext } from "./request-context.ts";

/**
 * `GET /o/logout/` (OpenID Connect RP-Initiated Logout §2): ends the session of this browser, and
 * the logins that began in it except those with offline access. Other devices stay signed in.
 */
export async function startLogout(context: RequestContext, deps: Deps): Promise<Response> {
  requireOpenId(deps);
  return proceed(await readBrowser(context, deps), context.url.search.slice(1), null, deps);
}

/**
 * `POST /o/logout/`: the form of the page, or a sign-out request that was sent as a form, which is
 * asked again by GET: browsers leave `Lax` cookies out of forms from other sites.
 */
export async function continueLogout(context: RequestContext, deps: Deps): Promise<Response> {
  requireOpenId(deps);
  const form = await readForm(context.request);
  const browser = await readBrowser(context, deps);
  const query = context.url.search.slice(1);
  try {
    if (form.get(SEALED_FIELD) !== null) {
      return await proceed(
        browser,
        query,
        await openForm(browser, await pageOf(query), form, deps),
        deps,
      );
    }
    const request = formatLogoutRequest(readLogoutRequest(form.pairs));
    return sendTo(browser, `${context.url.pathname}?${request}`);
  } catch (error) {
    return showRefusal(browser, error, null, null);
  }
}

/** A form confirms only the request that its page was shown for. ID tokens can be long. */
async function pageOf(query: string): Promise<string> {
  return `logout?${await digestText(query)}`;
}

/** @throws Refusal `unknown_path` */
function requireOpenId({ policy }: Deps): void {
  if (!policy.hasOpenId) throw new Refusal("unknown_path");
}

/** @param confirmed what the user submitted, or null */
async function proceed(
  from: Browser,
  query: string,
  confirmed: OwnForm | null,
  deps: Deps,
): Promise<Response> {
  let browser = from;
  let sentUri: string | null = null;
  let client: Client | null = null;
  try {
    const request = readLogoutRequest(decodeForm(query));
    browser = preferLanguage(from, request.ui_locales);
    sentUri = request.post_logout_redirect_uri ?? null;
    const hint = await readHint(request.id_token_hint, browser, deps);
    const clientId = clientOfLogout(request, hint?.clientId ?? null);
    const lookups = createLookups(deps.lookups);
    const named = clientId === null ? null : lookups.client(clientId);
    const session = await findSignedIn(browser, lookups);
    client = await named;
    const target = requireLogoutTarget(request, clientId, client);
    setLogFields(client === null ? {} : { clientId: client.clientId });
    if (session !== null && !isAgreed(session, hint, confirmed)) {
      return await ask(browser, query, client, session, deps);
    }
    await signOut(browser, session, deps);
    if (target === null) {
      return showPage(browser, signedOutPage(browser.page, { backLink: null }), { forms: "none" });
    }
    return sendTo(browser, addToRedirectUri(target, { state: request.state ?? null }));
  } catch (error) {
    return showRefusal(browser, error, sentUri, client);
  }
}

/**
 * Anyone can send a browser here, so the user is asked, unless the client shows an ID token of this
 * very session.
 */
function isAgreed(session: SignedIn, hint: IdTokenHint | null, confirmed: OwnForm | null): boolean {
  if (confirmed !== null && isFormOf(confirmed, session)) return true;
  return hint !== null && hint.sessionId === session.cookie.sessionId;
}

async function ask(
  browser: Browser,
  query: string,
  client: Client | null,
  session: SignedIn,
  deps: Deps,
): Promise<Response> {
  const { pathname } = browser.context.url;
  const body = signOutPage(browser.page, {
    action: query === "" ? pathname : `${pathname}?${query}`,
    request: await sealForm(browser, await pageOf(query), session, deps),
    clientName: client && (client.name || client.clientId),
    username: session.user.username,
  });
  return showPage(browser, body, { forms: "anywhere" });
}

/** @throws what is not the request's fault */
function showRefusal(
  browser: Browser,
  error: unknown,
  sentUri: string | null,
  client: Client | null,
): Response {
  if (!(error instanceof Refusal)) throw error;
  const registered = client?.postLogoutRedirectUris ?? null;
  return showProblem(browser, error, compareUris(error, sentUri, registered));
}
