import type { Deps } from "../deps.ts";
import type { TokenRequest } from "../grants/token-request.ts";
import type { Params } from "../protocol/params.ts";
import { makeLabel } from "../tokens/session.ts";
import { readAddress, readForwardedFor } from "./address.ts";
import { issuerUrlOf } from "./issuer-url.ts";
import { isJson, readParams } from "./read-params.ts";
import type { RequestContext } from "./request-context.ts";

/**
 * Reads a token request, without looking anything up.
 *
 * @throws Refusal for a body or query that {@link readParams} rejects
 */
export async function readTokenRequest(
  { request }: RequestContext,
  deps: Deps,
): Promise<TokenRequest> {
  const params = await readParams(request);
  return {
    grantType: readGrantType(request, params),
    params,
    idempotencyKey: request.headers.get("Idempotency-Key"),
    address: readAddress(request),
    forwardedFor: readForwardedFor(request),
    label: makeLabel(request.headers.get("User-Agent")),
    issuerUrl: issuerUrlOf(request, deps),
    receivedAtMs: deps.clock(),
  };
}

/** Optional in JSON: the endpoint that this one replaces has no such parameter. */
function readGrantType(request: Request, params: Params): string | undefined {
  const grantType = params.get("grant_type");
  if (grantType !== undefined || !isJson(request)) return grantType;
  return params.has("refresh_token") ? "refresh_token" : "password";
}
