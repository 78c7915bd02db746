import { isUnregistered } from "../clients/policy.ts";
import type { Deps } from "../deps.ts";
import { CATALOGUE } from "../errors/index.ts";
import { Refusal } from "../errors/refusal.ts";
import {
  type AuthorizationProblem,
  authorizationErrorPage,
} from "../pages/authorization-error-page.ts";
import { chooseAccountPage } from "../pages/choose-account-page.ts";
import { consentPage } from "../pages/consent-page.ts";
import { addToRedirectUri, classifyRedirectUri, destinationOf } from "../protocol/redirect-uri.ts";
import type { Consent } from "../storage/consents.ts";
import { currentRequestLog, setLogFields } from "../telemetry/request-log.ts";
import { type AuthorizationCode, sealCode } from "../tokens/authorization-code.ts";
import { SESSION_ID_BYTES } from "../tokens/browser-session.ts";
import { REQUEST, REQUEST_MS } from "../tokens/sealed-request.ts";
import type { SignedIn } from "../users/browser-session.ts";
import { profileClaimNames } from "../users/profile.ts";
import { digestConsent, type Returning, type Step, type Visit } from "./authorization-step.ts";
import { type Browser, sendTo, showPage } from "./browser.ts";
import { toBody } from "./on-error.ts";
import { type FailedSignIn, showSignInPage } from "./sign-in-by-form.ts";

/** Asks for user name and password, again if an attempt failed. */
export async function showSignIn(
  step: Step,
  attempt: FailedSignIn | { readonly kind: "none"; readonly isAgain: boolean },
  session: SignedIn | null,
  deps: Deps,
): Promise<Response> {
  const { browser, target, loginHint } = step;
  const isAgain = attempt.kind === "none" && attempt.isAgain && session !== null;
  const page = {
    ...(await formOf(step, null, deps)),
    client: {
      name: nameOf(step),
      host: target.kind === "https" ? destinationOf(target.uri) : null,
    },
    username: isAgain ? session.user.username : loginHint,
    reason: isAgain ? ("reauthenticate" as const) : null,
  };
  return showSignInPage(browser, page, attempt.kind === "failed" ? attempt : null, "anywhere");
}

/** Asks for user name and password where only the host of the client is known. */
export async function showSignInForHost(
  browser: Browser,
  visit: Visit,
  host: string,
  attempt: FailedSignIn | { readonly kind: "none" },
  deps: Deps,
): Promise<Response> {
  const page = {
    ...(await formOf({ browser, visit }, null, deps)),
    client: { name: host, host: null },
    username: visit.params.values.get("login_hint") ?? "",
    reason: null,
  };
  return showSignInPage(browser, page, attempt.kind === "failed" ? attempt : null, "anywhere");
}

/** Asks whether to continue as the user who is signed in. */
export async function showAccountChoice(
  step: Step,
  signedIn: SignedIn,
  deps: Deps,
): Promise<Response> {
  const body = chooseAccountPage(step.browser.page, {
    ...(await formOf(step, signedIn, deps)),
    clientName: nameOf(step),
    username: signedIn.user.username,
  });
  return showPage(step.browser, body, { forms: "anywhere" });
}

/** Asks whether the client may act for the user. */
export async function showConsent(step: Step, signedIn: SignedIn, deps: Deps): Promise<Response> {
  const { browser, client, target, asked } = step;
  const texts = new Map(Object.entries(deps.browser.scopeTexts));
  const body = consentPage(browser.page, {
    ...(await formOf(step, signedIn, deps, await digestConsent(step))),
    client: {
      name: nameOf(step),
      redirectHost: destinationOf(target.uri),
      kind: isUnregistered(client) ? "unregistered" : "registered",
      redirect: target.kind,
      isPattern: target.isPattern,
    },
    username: signedIn.user.username,
    scopes: asked.scope.map((name) => ({ name, description: texts.get(name) ?? null })),
    resources: asked.resources,
  });
  return showPage(browser, body, { forms: "anywhere" });
}

/** Reasons that lie in a URI which is not registered. */
const MISMATCHES: readonly string[] = ["redirect_uri_mismatch", "logout_redirect_mismatch"];

/** Shows an error that must not redirect, with what helps the client's developer. */
export function showProblem(
  browser: Browser,
  { reason }: Refusal,
  facts: AuthorizationProblem["facts"] = [],
  backLink: string | null = null,
): Response {
  const { status, error, headers } = CATALOGUE[reason];
  setLogFields({ reason, error });
  const retryAfter = headers?.["Retry-After"];
  const requestId = currentRequestLog()?.requestId ?? "";
  const problem = { code: reason, facts, backLink };
  return showPage(browser, authorizationErrorPage(browser.page, { status, problem, requestId }), {
    status,
    forms: "none",
    retryAfterSeconds: retryAfter === undefined ? null : Number(retryAfter),
  });
}

/**
 * How a URI differs from the registered ones, where that is the reason. Registered URIs of other
 * hosts are not shown: anyone can open this page.
 *
 * @param registered the URIs of the client, one of which should have been sent; null: no client
 */
export function compareUris(
  { reason }: Refusal,
  sent: string | null,
  registered: readonly string[] | null,
): AuthorizationProblem["facts"] {
  if (!MISMATCHES.includes(reason) || sent === null || registered === null) return [];
  const hostOf = ({ hostname, protocol }: URL) => hostname || protocol;
  const sentUrl = URL.parse(sent);
  const shown = registered.filter((uri) => {
    if (classifyRedirectUri(uri) === "loopback") return true;
    return sentUrl !== null && hostOf(new URL(uri)) === hostOf(sentUrl);
  });
  return [
    { label: "sent", value: sent },
    ...shown.map((value) => ({ label: "registered", value }) as const),
  ];
}

/**
 * Returns an error to the client (RFC 6749 §4.1.2.1), with the issuer (RFC 9207). Anyone can invent
 * a client that no operator registered, so for those only a signed-in user is redirected (RFC 9700
 * §4.11.2). Others get a page with a link.
 */
export function returnError(
  { browser, client, target, state, isSignedIn }: Returning,
  refusal: Refusal,
): Response {
  const row = CATALOGUE[refusal.reason];
  setLogFields({ reason: refusal.reason, error: row.error });
  const response = { ...toBody(row), state, iss: browser.issuerUrl };
  const location = addToRedirectUri(target.uri, response);
  return isUnregistered(client) && !isSignedIn
    ? showProblem(browser, refusal, [], location)
    : sendTo(browser, location);
}

/** Returns a code to the client (RFC 6749 §4.1.2). */
export async function returnCode(
  step: Step,
  { user, cookie }: SignedIn,
  consent: Consent | null,
  deps: Deps,
): Promise<Response> {
  const { browser, client, target, state } = step;
  const { sessionId, authenticatedAtMs } = cookie;
  // A revocation that was read does not end the code. Any other one since the request does.
  const seenMs = Math.max(client.notBeforeMs, consent === null ? 0 : consent.notBeforeMs + 1);
  const issuedAtMs = Math.max(browser.receivedAtMs, seenMs);
  const facts = { subject: user.id, sessionId, authenticatedAtMs, issuedAtMs };
  const code = await makeCode(step, facts, deps);
  if (code === null) return returnError(step, new Refusal("code_too_long"));
  const response = { code, state, iss: browser.issuerUrl };
  return sendTo(browser, addToRedirectUri(target.uri, response));
}

/**
 * Checks before anyone signs in that the request has room in a code, by making one.
 *
 * @throws Refusal `code_too_long`
 */
export async function requireRoomForCode(step: Step, deps: Deps): Promise<void> {
  const user = { subject: "0".repeat(UUID_LENGTH), sessionId: "0".repeat(2 * SESSION_ID_BYTES) };
  const nowMs = deps.clock();
  const facts = { ...user, authenticatedAtMs: nowMs, issuedAtMs: nowMs };
  if ((await makeCode(step, facts, deps)) === null) throw new Refusal("code_too_long");
}

/** Length of the id of most users. With a longer one, the code may be too long only at the end. */
const UUID_LENGTH = 36;

/** @returns null if the code would be too long */
function makeCode(
  { browser, visit, client, target, asked }: Step,
  facts: Pick<AuthorizationCode, "subject" | "sessionId" | "authenticatedAtMs" | "issuedAtMs">,
  deps: Deps,
): Promise<string | null> {
  const { scope, resources, codeChallenge, nonce, claims } = asked;
  return sealCode(deps.grants.codeRing, {
    ...facts,
    issuerUrl: browser.issuerUrl,
    familyId: visit.familyId,
    clientId: client.clientId,
    scope,
    resources,
    redirectUri: target.uri,
    isRedirectUriSent: target.isSent,
    codeChallenge,
    nonce,
    claimNames: claims === null ? null : namesOfProfile(claims.names),
    expiresAtMs: deps.clock() + deps.browser.codeMs,
    requestEndsAtMs: visit.createdAtMs + REQUEST_MS + deps.browser.codeMs,
  });
}

/** Null: no claim of the profile, and so no restriction of it. */
function namesOfProfile(names: readonly string[]): readonly string[] | null {
  const known = profileClaimNames().filter((name) => names.includes(name));
  return known.length === 0 ? null : known;
}

/** The form of a page. @param signedIn whom the page names, or null */
async function formOf(
  { browser, visit }: Pick<Step, "browser" | "visit">,
  signedIn: SignedIn | null,
  deps: Deps,
  consentDigest: string | null = null,
) {
  const { query, createdAtMs, familyId } = visit;
  const request = await REQUEST.seal(deps.browser.requestRing, {
    issuerUrl: browser.issuerUrl,
    browserDigest: browser.digest,
    createdAtMs,
    familyId,
    query,
    userId: signedIn?.user.id ?? null,
    sessionId: signedIn?.cookie.sessionId ?? null,
    consentDigest,
  });
  return { action: browser.context.url.pathname, request };
}

/** The name of a client, which may have none: the id of an unregistered one is not for people. */
function nameOf({ client, target }: Pick<Step, "client" | "target">): string {
  if (client.name !== "") return client.name;
  return isUnregistered(client) ? destinationOf(target.uri) : client.clientId;
}
