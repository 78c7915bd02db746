import { claimClient } from "../client-auth/index.ts";
import type { Deps } from "../deps.ts";
import { selectGrant } from "../grants/index.ts";
import type { IssuedTokens } from "../issuer/index.ts";
import type { Params } from "../protocol/params.ts";
import { formatScope } from "../protocol/scope.ts";
import { isJson, readParams } from "./read-params.ts";
import { json } from "./respond.ts";

/**
 * `POST /o/token/` (RFC 6749 §3.2): who calls, on what authority, and what is issued for it.
 * The order of checks is that of the wire contract.
 *
 * @throws Refusal, Unavailable
 */
export async function token(request: Request, deps: Deps): Promise<Response> {
  const params = await readParams(request);
  const grant = selectGrant(grantTypeOf(request, params));
  const idempotencyKey = request.headers.get("Idempotency-Key");
  const prepared = await grant.prepare({ params, idempotencyKey }, deps);
  const claim = claimClient({ authorization: request.headers.get("Authorization"), params });
  const askedAtMs = deps.clock();
  const accounts = await deps.accounts.find(claim.clientId, prepared.userKey);
  const client = await claim.prove(accounts.client, deps);
  const authorization = await prepared.authorize(client, accounts.user);
  // A change that the look-up saw is not later than the login, and any other one is.
  const seenMs = Math.max(client.notBeforeMs, accounts.user?.notBeforeMs ?? 0);
  const authorizedAtMs = Math.max(askedAtMs, seenMs);
  return json(toWire(await deps.issuer.issue(authorization, authorizedAtMs)));
}

function grantTypeOf(request: Request, params: Params): string | undefined {
  const grantType = params.get("grant_type");
  if (grantType !== undefined || !isJson(request)) return grantType;
  return params.has("refresh_token") ? "refresh_token" : "password";
}

/** The success response (RFC 6749 §5.1). */
function toWire(issued: IssuedTokens): Record<string, string | number> {
  return {
    access_token: issued.accessToken,
    expires_in: issued.expiresInSeconds,
    token_type: "Bearer",
    scope: formatScope(issued.scope),
    ...(issued.refreshToken === null ? {} : { refresh_token: issued.refreshToken }),
  };
}
