import type { Deps } from "../deps.ts";
import { authorize } from "../grants/authorize.ts";
import { requireGrantAllowed } from "../grants/grant.ts";
import { selectGrant } from "../grants/index.ts";
import type { IssuedTokens } from "../issuer/index.ts";
import { formatScope } from "../protocol/scope.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import { authenticateClient } from "./authenticate-client.ts";
import { readTokenRequest } from "./read-token-request.ts";
import type { RequestContext } from "./request-context.ts";
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
  const lookups = deps.lookups();
  const presented = await grant.read(request, lookups, deps.grants);
  const client = await authenticateClient(context, request.params, lookups, deps);
  requireGrantAllowed(client, grant);
  const proof = await grant.prove(presented, client, deps.grants);
  const authorization = authorize(client, proof, request, deps.policy);
  return json(tokenResponse(await deps.issuer.issue(authorization)));
}

/** The success response (RFC 6749 §5.1). */
function tokenResponse(issued: IssuedTokens): Record<string, string | number> {
  return {
    access_token: issued.accessToken,
    expires_in: issued.expiresInSeconds,
    token_type: "Bearer",
    scope: formatScope(issued.scope),
    ...(issued.refreshToken === null ? {} : { refresh_token: issued.refreshToken }),
  };
}
