import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import { endFamily } from "../issuer/revoke.ts";
import { type AccountPage, accountPage } from "../pages/account-page.ts";
import { SEALED_FIELD } from "../pages/markup.ts";
import { signedOutPage } from "../pages/signed-out-page.ts";
import type { AccountAccess } from "../storage/account.ts";
import { createLookups, type Lookups } from "../storage/lookups.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import { endEverythingElse, endLogin, revokeConsent } from "../users/account.ts";
import { endBrowserSession, type SignedIn } from "../users/browser-session.ts";
import { showProblem } from "./authorization-responses.ts";
import {
  type Browser,
  findSignedIn,
  readBrowser,
  renewSessionCookie,
  sendTo,
  showPage,
  signOut,
} from "./browser.ts";
import { isFormOf, type OwnForm, openForm, sealForm } from "./own-form.ts";
import { type Form, readForm } from "./read-form.ts";
import type { RequestContext } from "./request-context.ts";
import { type FailedSignIn, showSignInPage, signInByForm } from "./sign-in-by-form.ts";

const PAGE = "account";

/** `GET /o/account/`: where the user is signed in, and who may act for them. */
export async function showAccount(context: RequestContext, deps: Deps): Promise<Response> {
  return proceed(await readBrowser(context, deps), null, deps);
}

/** `POST /o/account/`: a form of the page, or of the sign-in page that it shows first. */
export async function changeAccount(context: RequestContext, deps: Deps): Promise<Response> {
  const form = await readForm(context.request);
  const browser = await readBrowser(context, deps);
  if (form.get(SEALED_FIELD) === null) return sendTo(browser, context.url.pathname);
  try {
    return await proceed(browser, await openForm(browser, PAGE, form, deps), deps);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return showProblem(browser, error);
  }
}

/** `GET /o/authorized_tokens/`: the page of django-oauth-toolkit. */
export async function redirectToAccount(context: RequestContext, deps: Deps): Promise<Response> {
  const browser = await readBrowser(context, deps);
  const { pathname } = context.url;
  return sendTo(browser, pathname.replace(/authorized_tokens\/?$/, "account/"));
}

async function proceed(browser: Browser, own: OwnForm | null, deps: Deps): Promise<Response> {
  const lookups = createLookups(deps.lookups);
  const username = own?.form.get("username") ?? null;
  if (username !== null) lookups.userByName(username);
  // In the same round trip as the session, for the case that it is valid.
  if (browser.session !== null) startPage(browser.session.userId, lookups);
  const session = await findSignedIn(browser, lookups);
  const attempt = await signInByForm(browser, own?.form ?? null, session, lookups, deps);
  if (attempt.kind === "failed") return showSignIn(browser, attempt, deps);
  // By GET, so that reloading the page does not send the password again.
  if (attempt.kind === "succeeded") return sendTo(browser, browser.context.url.pathname);
  if (session === null) return showSignIn(browser, null, deps);
  setLogFields({ userId: session.user.id });
  if (own === null || !isFormOf(own, session)) return show(browser, session, null, lookups, deps);
  const done = await act(own.form, session, deps, browser);
  if (done !== "signed_out") {
    // What was looked up before the change is outdated.
    return show(
      browser,
      session,
      done,
      done === null ? lookups : createLookups(deps.lookups),
      deps,
    );
  }
  return showPage(browser, signedOutPage(browser.page, { backLink: null }), { forms: "none" });
}

/** Starts the look-ups of what the page shows. */
function startPage(userId: string, lookups: Lookups) {
  return { access: lookups.access(userId), profile: lookups.profile(userId) };
}

type Done = AccountPage["message"] | "signed_out";

/** What each button does, with its value. */
const ACTIONS: Readonly<
  Record<string, (value: string, session: SignedIn, deps: Deps, browser: Browser) => Promise<Done>>
> = {
  async sign_out(_, session, deps, browser) {
    await signOut(browser, session, deps);
    return "signed_out";
  },
  async end_session(sessionId, { user }, deps) {
    const ended = { userId: user.id, sessionId };
    // The device may be lost: logins with offline access end too.
    await endBrowserSession(ended, "all", "account_page", deps.clock(), deps.browser);
    return "session_ended";
  },
  async end_login(sessionId, { user }, deps) {
    const end = (familyId: string, clientId: string) => {
      return endFamily(familyId, clientId, "account_page", deps.issuer);
    };
    await endLogin({ userId: user.id, sessionId }, end, deps.browser);
    return "login_ended";
  },
  async end_all(_, { cookie }, deps) {
    await endEverythingElse(cookie, deps.clock(), deps.browser);
    return "all_ended";
  },
  async revoke(clientId, { user }, deps) {
    await revokeConsent(user.id, clientId, deps.clock(), deps.browser);
    return "revoked";
  },
};

async function act(form: Form, session: SignedIn, deps: Deps, browser: Browser): Promise<Done> {
  const chosen = Object.entries(ACTIONS).find(([name]) => form.get(name) !== null);
  if (chosen === undefined) return null;
  const [action, perform] = chosen;
  setLogFields({ action });
  return perform(form.get(action) ?? "", session, deps, browser);
}

async function showSignIn(
  browser: Browser,
  failed: FailedSignIn | null,
  deps: Deps,
): Promise<Response> {
  const { pathname: action } = browser.context.url;
  const request = await sealForm(browser, PAGE, null, deps);
  const page = { action, request, client: null, username: "", reason: null };
  return showSignInPage(browser, page, failed, "self");
}

async function show(
  browser: Browser,
  session: SignedIn,
  message: AccountPage["message"],
  lookups: Lookups,
  deps: Deps,
): Promise<Response> {
  await renewSessionCookie(browser, session.cookie, deps);
  const page = startPage(session.user.id, lookups);
  const content = {
    action: browser.context.url.pathname,
    request: await sealForm(browser, PAGE, session, deps),
    message,
    email: (await page.profile)?.email ?? null,
    ...contentOf(await page.access, session, deps),
  };
  return showPage(browser, accountPage(browser.page, content), { forms: "self" });
}

function contentOf(
  { sessions, logins, consents }: AccountAccess,
  { user, cookie }: SignedIn,
  deps: Deps,
): Pick<AccountPage, "username" | "sessions" | "logins" | "applications"> {
  const texts = new Map(Object.entries(deps.browser.scopeTexts));
  return {
    username: user.username,
    sessions: sessions.map(({ sessionId: id, label, authenticatedAtMs: signedInAtMs }) => {
      return { id, label, signedInAtMs, isCurrent: id === cookie.sessionId };
    }),
    logins: logins.map((login) => ({
      id: login.session_id,
      clientName: login.client_name || login.client_id,
      // The exchange of a code names the server of a web application, which says nothing to users.
      label: login.browser_label ?? login.label,
      createdAtMs: login.created_at_ms,
      lastUsedAtMs: login.last_refreshed_at_ms,
    })),
    applications: consents.map(({ clientId, clientName, scope, resources, grantedAtMs }) => ({
      clientId,
      name: clientName || clientId,
      scopes: scope.map((name) => ({ name, description: texts.get(name) ?? null })),
      resources,
      grantedAtMs,
    })),
  };
}
