import type { Deps } from "../deps.ts";
import { Refusal } from "../protocol/refusal.ts";
import { authenticateClient } from "./authenticate-client.ts";
import type { Exchange } from "./exchange.ts";
import { readParams } from "./read-params.ts";
import { empty } from "./respond.ts";

/**
 * `POST /o/revoke_token/` (RFC 7009). The hint is not needed: a token says itself what it is.
 *
 * @throws Refusal, Unavailable; never a 200 for a revocation that did not happen
 */
export async function revoke(exchange: Exchange, deps: Deps): Promise<Response> {
  const params = await readParams(exchange.request);
  const token = params.get("token");
  if (token === undefined) throw new Refusal("token_missing");
  const { client } = await authenticateClient(exchange, params, {}, deps);
  await deps.issuer.revoke(token, client.clientId);
  return empty(200);
}
