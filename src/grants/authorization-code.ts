import type { Client } from "../clients/client.ts";
import { digestText } from "../crypto/bytes.ts";
import { Refusal } from "../errors/refusal.ts";
import { OPENID_SCOPE } from "../protocol/names.ts";
import { isCodeVerifier } from "../protocol/pkce.ts";
import { findResource } from "../protocol/resource.ts";
import type { BrowserSession } from "../storage/browser-sessions.ts";
import { type Consent, isRevokedSince } from "../storage/consents.ts";
import type { Lookups } from "../storage/lookups.ts";
import type { User } from "../storage/users.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import { type PresentedCode, unsealCode } from "../tokens/authorization-code.ts";
import type { Grant, TokenRequest } from "./grant.ts";
import { attemptIdOf } from "./refresh-token.ts";

/** The code of a request. Its look-ups are started when it is read. */
interface Presented {
  readonly request: TokenRequest;
  readonly attemptId: string;
  /** Null: this service did not issue it. */
  readonly code: PresentedCode | null;
  readonly lookups: Lookups;
}

/**
 * Authorization code (RFC 6749 §4.1.3): a user signed in and consented, which starts a family. This
 * checks everything but whether the code was used, which only the object of the family knows: a
 * rejection here consumes nothing.
 */
export const authorizationCodeGrant: Grant<Presented> = {
  grantType: "authorization_code",
  summary: "A user signed in at the authorization endpoint",
  specification: "RFC 6749 §4.1",
  parameters: {
    code: "the code from the redirect, which works once",
    code_verifier: "the PKCE verifier of the authorization request (RFC 7636)",
    redirect_uri: "the one of the authorization request; not needed with PKCE",
  },
  example: {
    code: "tgc_...",
    code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    redirect_uri: "https://app.example.com/callback",
  },
  openApiFlow: "authorizationCode",
  refusals: [
    "code_missing",
    "idempotency_key_malformed",
    "code_forged",
    "code_expired",
    "code_of_another_client",
    "code_ended",
    "code_verifier_missing",
    "code_verifier_wrong",
    "code_redirect_mismatch",
    "code_resource_mismatch",
    "code_raced",
    "code_reused",
    "code_superseded",
  ],
  allowsPublicClients: true,

  async read(request, lookups, { codeRing, random }) {
    const presented = request.params.get("code");
    if (presented === undefined) throw new Refusal("code_missing");
    const attemptId = await attemptIdOf(request.idempotencyKey, random);
    const code = await unsealCode(codeRing, presented);
    if (code !== null) startLookups(code, request, lookups);
    return { request, attemptId, code, lookups };
  },

  async isIssuedTo({ code }, clientId) {
    return code !== null && code.clientDigest === (await digestText(clientId));
  },

  resourcesOf({ code }) {
    return code?.resources ?? [];
  },

  async prove({ request, attemptId, code, lookups }, client) {
    if (code === null) throw new Refusal("code_forged");
    await requireOwner(code, client, request);
    if (isExpired(code, request)) throw new Refusal("code_expired");
    const { subject, sessionId, scope, resources } = code;
    const consent = lookups.consent(subject, client.clientId);
    const user = await lookups.user(subject);
    if (user !== null) setLogFields({ userId: user.id });
    requireAlive(code, client, user, await lookups.browserSession(sessionId), await consent);
    await requireVerifier(code, request);
    await requireRedirectUri(code, request);
    requireResource(code, request);
    const refresh = { kind: "code", code, attemptId, hasRefreshToken: true } as const;
    return { user, login: { scope, resources }, refresh };
  },
};

/** Starts what {@link authorizationCodeGrant.prove} reads: nothing for an expired code. */
function startLookups(code: PresentedCode, request: TokenRequest, lookups: Lookups): void {
  if (isExpired(code, request)) return;
  lookups.user(code.subject);
  if (code.scope.includes(OPENID_SCOPE)) lookups.profile(code.subject);
  lookups.browserSession(code.sessionId);
  // A code has no room for a long id. If the request does not name it either, that costs a second
  // round trip.
  const clientId = code.clientId ?? request.params.get("client_id");
  if (clientId !== undefined) lookups.consent(code.subject, clientId);
}

function isExpired({ expiresAtMs }: PresentedCode, { receivedAtMs }: TokenRequest): boolean {
  return receivedAtMs >= expiresAtMs;
}

/** @throws Refusal `code_of_another_client` */
async function requireOwner(
  { clientDigest, issuerDigest }: PresentedCode,
  { clientId }: Client,
  { issuerUrl }: TokenRequest,
): Promise<void> {
  const isOwn = clientDigest === (await digestText(clientId));
  const isOurs = issuerDigest === (await digestText(issuerUrl));
  if (!isOwn || !isOurs) throw new Refusal("code_of_another_client");
}

/** @throws Refusal `code_ended` */
function requireAlive(
  { issuedAtMs, authenticatedAtMs }: PresentedCode,
  client: Client,
  user: User | null,
  session: BrowserSession | null,
  consent: Consent | null,
): asserts user is User {
  const isSessionOver = session === null || session.endedAtMs !== null;
  if (!user?.isActive || isSessionOver) throw new Refusal("code_ended");
  const isUserOlder = authenticatedAtMs < user.notBeforeMs;
  const isClientOlder = issuedAtMs < client.notBeforeMs;
  if (isUserOlder || isClientOlder || isRevokedSince(consent, issuedAtMs, client)) {
    throw new Refusal("code_ended");
  }
}

/** @throws Refusal when the verifier is missing or wrong (RFC 7636 §4.6) */
async function requireVerifier(
  { codeChallenge }: PresentedCode,
  { params }: TokenRequest,
): Promise<void> {
  const verifier = params.get("code_verifier");
  if (codeChallenge === null) {
    // The request may have been stripped of its challenge (RFC 9700 §4.8.2).
    if (verifier !== undefined) throw new Refusal("code_verifier_wrong");
    return;
  }
  if (verifier === undefined) throw new Refusal("code_verifier_missing");
  const isRight = isCodeVerifier(verifier) && (await digestText(verifier)) === codeChallenge;
  if (!isRight) throw new Refusal("code_verifier_wrong");
}

/** OAuth 2.1 leaves the URI out, because PKCE binds the code. */
async function requireRedirectUri(
  { redirectDigest, isRedirectUriSent, codeChallenge }: PresentedCode,
  { params }: TokenRequest,
): Promise<void> {
  const sent = params.get("redirect_uri");
  if (sent === undefined) {
    if (isRedirectUriSent && codeChallenge === null) throw new Refusal("code_redirect_mismatch");
    return;
  }
  if ((await digestText(sent)) !== redirectDigest) throw new Refusal("code_redirect_mismatch");
}

/** @throws Refusal `code_resource_mismatch` */
function requireResource({ resources }: PresentedCode, { params }: TokenRequest): void {
  const resource = params.get("resource");
  if (resource === undefined || resources.length === 0) return;
  if (!findResource(resource, resources)) throw new Refusal("code_resource_mismatch");
}
