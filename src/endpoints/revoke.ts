import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import { revokeToken } from "../issuer/revoke.ts";
import { createLookups } from "../storage/lookups.ts";
import { unsealRefreshToken } from "../tokens/refresh-token.ts";
import { authenticateClient } from "./authenticate-client.ts";
import { readParams } from "./read-params.ts";
import type { RequestContext } from "./request-context.ts";
import { empty } from "./respond.ts";

/**
 * `POST /o/revoke_token/` (RFC 7009). Ignores the hint: a token's form shows its type.
 *
 * @throws Refusal, Unavailable; a failed revocation is never a 200
 */
export async function revoke(context: RequestContext, deps: Deps): Promise<Response> {
  const params = await readParams(context);
  const token = params.get("token");
  if (token === undefined) throw new Refusal("token_missing");
  const lookups = createLookups(deps.lookups);
  const client = await authenticateClient(context, params, lookups, deps, async (clientId) => {
    const opened = await unsealRefreshToken(deps.grants.refreshTokenRing, token);
    return opened?.clientId === clientId;
  });
  await revokeToken(token, client.clientId, lookups, deps.issuer);
  return empty(200);
}
