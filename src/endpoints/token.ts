import type { Deps } from "../deps.ts";
import { requireGrantAllowed } from "../grants/grant.ts";
import { selectGrant } from "../grants/index.ts";
import { userAddressOf } from "../grants/user-address.ts";
import type { IssuedTokens } from "../issuer/index.ts";
import type { Params } from "../protocol/params.ts";
import { formatScope } from "../protocol/scope.ts";
import { note } from "../telemetry/record.ts";
import { labelOf } from "../tokens/session.ts";
import { addressOf, forwardedForOf } from "./address.ts";
import { authenticateClient } from "./authenticate-client.ts";
import type { Exchange } from "./exchange.ts";
import { issuerUrlOf } from "./issuer-url.ts";
import { isJson, readParams } from "./read-params.ts";
import { json } from "./respond.ts";

/**
 * `POST /o/token/` (RFC 6749 §3.2): who calls, on what authority, and what is issued for it.
 * The order of checks is that of the wire contract.
 *
 * @throws Refusal, Unavailable
 */
export async function token(exchange: Exchange, deps: Deps): Promise<Response> {
  const { request } = exchange;
  const params = await readParams(request);
  const grant = selectGrant(grantTypeOf(request, params));
  note({ grantType: grant.grantType });
  const idempotencyKey = request.headers.get("Idempotency-Key");
  const addresses = { address: addressOf(request), forwardedFor: forwardedForOf(request) };
  const prepared = await grant.prepare({ params, idempotencyKey, addresses }, deps);
  const { query, userOf, authorize } = prepared;
  const askedAtMs = deps.clock();
  const { client, accounts } = await authenticateClient(exchange, params, query, deps);
  requireGrantAllowed(client, grant);
  const address = userAddressOf(client, addresses);
  const user = userOf(accounts);
  if (user !== null) note({ userId: user.id });
  const authorization = await authorize(client, user, accounts);
  // A change that the look-up saw is not later than the login, and any other one is.
  const authorizedAtMs = Math.max(askedAtMs, client.notBeforeMs, user?.notBeforeMs ?? 0);
  const label = labelOf(request.headers.get("User-Agent"));
  const context = { issuerUrl: issuerUrlOf(request, deps), authorizedAtMs, label, address };
  return json(toWire(await deps.issuer.issue(authorization, context)));
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
