import type { PresentedCredentials } from "../client-auth/authenticator.ts";
import type { Client, VerifiedClient } from "../clients/client.ts";
import { mayBeUnregistered, needsStoredResources, wantedResources } from "../clients/policy.ts";
import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import { authorize, isGrantAllowed, requireGrantAllowed } from "../grants/authorize.ts";
import type { Grant, TokenRequest } from "../grants/grant.ts";
import { GRANTS } from "../grants/index.ts";
import { issue } from "../issuer/issue.ts";
import type { IssuedTokens } from "../issuer/mint.ts";
import type { Params } from "../protocol/params.ts";
import { formatScope } from "../protocol/scope.ts";
import { createLookups, type Lookups } from "../storage/lookups.ts";
import { makeLabel } from "../storage/sessions.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import { readClient, verifyClient } from "./authenticate-client.ts";
import { isJson, readParams } from "./read-params.ts";
import { FORWARDED_FOR, type RequestContext } from "./request-context.ts";
import { json } from "./respond.ts";

/**
 * `POST /o/token/` (RFC 6749 §3.2): who calls, on what authority, and what is issued for it. The
 * order of the checks is that of the wire contract.
 *
 * @throws Refusal, Unavailable
 */
export async function token(context: RequestContext, deps: Deps): Promise<Response> {
  const request = await readTokenRequest(context, deps);
  const grant = selectGrant(request.grantType);
  setLogFields({ grantType: grant.grantType });
  const lookups = createLookups(deps.lookups);
  const read = await grant.read(request, lookups, deps.grants);
  const credentials = await readClient(context, request.params, deps);
  const granted = grant.resourcesOf?.(read) ?? [];
  const wanted = wantedResources(request.params.get("resource"), granted, deps.policy);
  // In the batch of the client, which is not known yet.
  if (needsStoredResources(wanted, mayBeUnregistered(credentials.clientId), deps.policy)) {
    lookups.resources();
  }
  const expected = grant.anticipate && (await findExpected(credentials, grant, deps));
  const authentication = authenticate(context, credentials, grant, read, lookups, deps);
  const presented =
    grant.anticipate && expected
      ? grant.anticipate(read, expected, authentication, deps.grants)
      : read;
  const client = await authentication;
  const proof = await grant.prove(presented, client, deps.grants);
  const authorization = await authorize(client, proof, request, lookups, deps.policy);
  return json(tokenResponse(await issue(authorization, deps.issuer)));
}

/** The client as it was a moment ago, if it could use the grant; see {@link Grant.anticipate}. */
async function findExpected(
  credentials: PresentedCredentials,
  grant: Grant,
  { clientAuth }: Deps,
): Promise<VerifiedClient | null> {
  const client = await credentials.lastVerified?.(clientAuth);
  return client && isGrantAllowed(client, grant) ? client : null;
}

/**
 * Authenticates the client, for this grant.
 *
 * @throws Refusal, Unavailable
 */
async function authenticate(
  context: RequestContext,
  credentials: PresentedCredentials,
  grant: Grant,
  presented: unknown,
  lookups: Lookups,
  deps: Deps,
): Promise<Client> {
  const client = await verifyClient(context, credentials, lookups, deps, async (clientId) => {
    return (await grant.isIssuedTo?.(presented, clientId)) ?? false;
  });
  requireGrantAllowed(client, grant);
  return client;
}

/**
 * Finds the grant of a `grant_type`.
 *
 * @throws Refusal when it is absent or unknown; grant types are case-sensitive
 */
function selectGrant(grantType: string | undefined): Grant {
  if (grantType === undefined) throw new Refusal("grant_type_missing");
  const grant = GRANTS.find((candidate) => candidate.grantType === grantType);
  if (grant === undefined) throw new Refusal("grant_type_unknown");
  return grant;
}

/** The success response (RFC 6749 §5.1, OIDC Core §3.1.3.3). */
function tokenResponse(issued: IssuedTokens): Record<string, string | number> {
  return {
    access_token: issued.accessToken,
    expires_in: issued.expiresInSeconds,
    token_type: "Bearer",
    scope: formatScope(issued.scope),
    ...(issued.refreshToken === null ? {} : { refresh_token: issued.refreshToken }),
    ...(issued.idToken === null ? {} : { id_token: issued.idToken }),
  };
}

/**
 * Reads a token request, without looking anything up.
 *
 * @throws Refusal for a body or query that {@link readParams} rejects
 */
async function readTokenRequest(context: RequestContext, deps: Deps): Promise<TokenRequest> {
  const { request, address } = context;
  const params = await readParams(context);
  return {
    grantType: readGrantType(request, params),
    params,
    idempotencyKey: request.headers.get("Idempotency-Key"),
    address,
    forwardedFor: request.headers.get(FORWARDED_FOR)?.trim() || null,
    label: makeLabel(request.headers.get("User-Agent")),
    issuerUrl: context.issuerUrl,
    receivedAtMs: deps.clock(),
  };
}

/** Optional in JSON: the endpoint that this one replaces has no such parameter. */
function readGrantType(request: Request, params: Params): string | undefined {
  const grantType = params.get("grant_type");
  if (grantType !== undefined || !isJson(request)) return grantType;
  return params.has("refresh_token") ? "refresh_token" : "password";
}
