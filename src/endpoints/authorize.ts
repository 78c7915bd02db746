import { type Answer, decide } from "../authorization/decision.ts";
import { formatQuery } from "../authorization/params.ts";
import {
  isAmbiguous,
  isAskedAlways,
  readAuthorizationRequest,
  requireClientId,
  requireRedirectTarget,
} from "../authorization/request.ts";
import {
  type ClientPolicy,
  mayBeUnregistered,
  needsStoredResources,
  withStoredResources,
} from "../clients/policy.ts";
import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import { SEALED_FIELD } from "../pages/markup.ts";
import { redirectHostOf } from "../protocol/redirect-uri.ts";
import { isWithin } from "../protocol/scope.ts";
import type { Consent } from "../storage/consents.ts";
import { createLookups, type Lookups } from "../storage/lookups.ts";
import { audit, setLogFields } from "../telemetry/request-log.ts";
import type { SignedIn } from "../users/browser-session.ts";
import {
  compareUris,
  requireRoomForCode,
  returnCode,
  returnError,
  showAccountChoice,
  showConsent,
  showProblem,
  showSignIn,
} from "./authorization-responses.ts";
import {
  digestConsent,
  newVisit,
  openVisit,
  type Returning,
  type Step,
  type Visit,
} from "./authorization-step.ts";
import {
  type Browser,
  findSignedIn,
  preferLanguage,
  readBrowser,
  renewSessionCookie,
  sendTo,
} from "./browser.ts";
import { findClient, unregisteredToStore } from "./find-client.ts";
import { readHint } from "./id-token-hint.ts";
import { readForm } from "./read-form.ts";
import type { RequestContext } from "./request-context.ts";
import { type SucceededSignIn, signInByForm } from "./sign-in-by-form.ts";
import { signInFirst } from "./sign-in-first.ts";

/** `GET /o/authorize/` (RFC 6749 §3.1): a client sent the browser of a user here. */
export async function startAuthorization(context: RequestContext, deps: Deps): Promise<Response> {
  const query = context.url.search.slice(1);
  return proceed(await readBrowser(context, deps), newVisit(query, deps), deps);
}

/**
 * `POST /o/authorize/`: the form of a page that this endpoint showed. Without the sealed field it
 * is an authorization request that was sent as a form (OIDC Core §3.1.2.1), and is asked again by
 * GET: browsers leave `Lax` cookies out of forms from other sites.
 */
export async function continueAuthorization(
  context: RequestContext,
  deps: Deps,
): Promise<Response> {
  const form = await readForm(context.request);
  const browser = await readBrowser(context, deps);
  const sealed = form.get(SEALED_FIELD);
  if (sealed !== null) return proceed(browser, await openVisit(browser, sealed, form, deps), deps);
  return sendTo(browser, `${context.url.pathname}?${formatQuery(form.pairs)}`);
}

/** Validates a request against what is stored now, decides the next step, and takes it. */
async function proceed(from: Browser, visit: Visit, deps: Deps): Promise<Response> {
  const browser = preferLanguage(from, visit.params.values.get("ui_locales"));
  const lookups = createLookups(deps.lookups);
  startLookups(browser, visit, lookups, deps.policy);
  const validated = await validate(browser, visit, null, lookups, deps);
  return validated instanceof Response ? validated : takeStep(validated, lookups, deps);
}

/**
 * Errors before the redirect URI is known to be the client's get a page, since a redirect could go
 * anywhere. Later ones go to the client.
 *
 * @param earlySignIn the sign-in of this request, if the client could not be known before
 */
async function validate(
  browser: Browser,
  visit: Visit,
  earlySignIn: SucceededSignIn | null,
  lookups: Lookups,
  deps: Deps,
): Promise<Step | Response> {
  const { params, problem } = visit;
  const { values } = params;
  let registeredUris: readonly string[] | null = null;
  let returning: Returning | null = null;
  try {
    if (problem !== null) throw problem;
    const clientId = requireClientId(params);
    const row = await lookups.client(clientId);
    const isSignedIn = earlySignIn !== null || (await findSignedIn(browser, lookups)) !== null;
    const { host: ownHost } = browser.context.url;
    const found = await findClient(clientId, row, { ownHost, isSignedIn }, deps);
    if (found.kind === "after_sign_in") {
      const attempt = await signInFirst(browser, visit, clientId, lookups, deps);
      if (attempt instanceof Response) return attempt;
      return await validate(browser, visit, attempt, lookups, deps);
    }
    if (found.kind === "unusable") {
      return showProblem(browser, found.error, [{ label: "document", value: found.detail }]);
    }
    const { client } = found;
    registeredUris = client.redirectUris;
    setLogFields({ clientId });
    const target = requireRedirectTarget(params, client);
    returning = { browser, client, target, state: values.get("state") ?? null, isSignedIn };
    const policy = await withStoredResources(deps.policy, params.resources, client, lookups);
    const asked = readAuthorizationRequest(params, client, policy);
    const hinted = await readHint(values.get("id_token_hint"), browser, deps);
    const hintedUserId = hinted?.subject ?? asked.claims?.subject ?? null;
    const loginHint = values.get("login_hint") ?? "";
    const step = { ...returning, visit, earlySignIn, asked, loginHint, hintedUserId };
    await requireRoomForCode(step, deps);
    return step;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (returning !== null) return returnError(returning, error);
    const sentUri = values.get("redirect_uri") ?? null;
    return showProblem(browser, error, compareUris(error, sentUri, registeredUris));
  }
}

/** Starts everything that the request can need, so that it costs one round trip. */
function startLookups(
  { session }: Browser,
  { params, problem, submitted }: Visit,
  lookups: Lookups,
  policy: ClientPolicy,
): void {
  const clientId = params.values.get("client_id");
  if (problem !== null || clientId === undefined || isAmbiguous(params)) return;
  lookups.client(clientId);
  if (needsStoredResources(params.resources, mayBeUnregistered(clientId), policy)) {
    lookups.resources();
  }
  const username = submitted?.form.get("username") ?? null;
  if (username !== null) lookups.userByName(username);
  if (session === null) return;
  lookups.browserSession(session.sessionId);
  lookups.user(session.userId);
  lookups.consent(session.userId, clientId);
}

/** Signs the user in if the page asks for it, and takes the step that follows. */
async function takeStep(step: Step, lookups: Lookups, deps: Deps): Promise<Response> {
  const { browser, client, visit, earlySignIn, asked } = step;
  const session = await findSignedIn(browser, lookups);
  const form = visit.submitted?.form ?? null;
  const attempt = earlySignIn ?? (await signInByForm(browser, form, session, lookups, deps));
  if (attempt.kind === "failed") return showSignIn(step, attempt, session, deps);
  const signedIn = attempt.kind === "succeeded" ? attempt.signedIn : session;
  if (signedIn !== null) setLogFields({ userId: signedIn.user.id });
  const consent = signedIn && (await lookups.consent(signedIn.user.id, client.clientId));
  const answered = attempt.kind === "succeeded" ? null : await readAnswer(step, signedIn);
  if (answered !== null) setLogFields({ action: answered });
  const decision = decide({
    prompts: asked.prompts,
    maxAgeSeconds: asked.maxAgeSeconds,
    requestedAtMs: visit.createdAtMs,
    nowMs: deps.clock(),
    session: signedIn && {
      userId: signedIn.user.id,
      authenticatedAtMs: signedIn.cookie.authenticatedAtMs,
    },
    hintedUserId: step.hintedUserId,
    isConsented: consent !== null && covers(consent, step),
    mustAsk: isAskedAlways(client),
    skipsConsent: client.skipsConsent,
    answered,
  });
  if (decision.kind === "error") {
    const isSignedIn = signedIn !== null;
    return returnError({ ...step, isSignedIn }, new Refusal(decision.reason));
  }
  if (decision.kind === "sign_in" || signedIn === null) {
    const isAgain = decision.kind === "sign_in" && decision.isAgain;
    return showSignIn(step, { kind: "none", isAgain }, session, deps);
  }
  if (attempt.kind === "none") await renewSessionCookie(browser, signedIn.cookie, deps);
  if (decision.kind === "choose_account") return showAccountChoice(step, signedIn, deps);
  if (decision.kind === "ask_consent") return showConsent(step, signedIn, deps);
  if (answered === "allow") await grantConsent(step, signedIn, consent, deps);
  return returnCode(step, signedIn, consent, deps);
}

/**
 * What the user chose on the last page: only if the page named the user who is signed in now, and
 * asked for what would be allowed now.
 */
async function readAnswer(step: Step, signedIn: SignedIn | null): Promise<Answer | null> {
  const { submitted } = step.visit;
  if (submitted === null) return null;
  const { form, userId, sessionId, consentDigest } = submitted;
  const isSame =
    signedIn !== null && userId === signedIn.user.id && sessionId === signedIn.cookie.sessionId;
  if (!isSame) return null;
  if (form.get("account") === "switch") return "switch";
  const answers: readonly Answer[] = ["allow", "deny", "continue"];
  const given = form.get("decision") ?? form.get("account");
  const answer = answers.find((each) => each === given) ?? null;
  if (answer !== "allow") return answer;
  return consentDigest === (await digestConsent(step)) ? answer : null;
}

/** Whether the user has consented to all of this before, for this redirect host. */
function covers(consent: Consent, { asked, target }: Step): boolean {
  const { scope, resources, redirectHosts } = consent;
  if (!redirectHosts.includes(redirectHostOf(target.uri))) return false;
  return isWithin(asked.scope, scope) && isWithin(asked.resources, resources);
}

async function grantConsent(
  { browser, client, asked, target }: Step,
  { user }: SignedIn,
  known: Consent | null,
  deps: Deps,
): Promise<void> {
  const { scope, resources } = asked;
  const { clientId } = client;
  const redirectHosts = [redirectHostOf(target.uri)];
  const grant = { userId: user.id, client, scope, resources, redirectHosts };
  await deps.browser.consents.grant(
    grant,
    known,
    browser.receivedAtMs,
    await unregisteredToStore(client, deps),
  );
  audit({ action: "consent_granted", userId: user.id, clientId });
}
