import type { Claim } from "../client-auth/claim.ts";
import { claimClient } from "../client-auth/index.ts";
import type { Deps } from "../deps.ts";
import type { Params } from "../protocol/params.ts";
import type { AccountQuery, Accounts, Client } from "../storage/accounts.ts";
import { note } from "../telemetry/record.ts";
import { addressOf } from "./address.ts";
import type { Exchange } from "./exchange.ts";
import { assertionAudiences } from "./issuer-url.ts";

/** The client that made a request, and what was looked up beside it. */
export interface Caller {
  readonly client: Client;
  readonly accounts: Accounts;
}

/**
 * Authenticates the client of a request, in the same round trip in which the endpoint's own
 * look-ups are made.
 *
 * @throws Refusal of a kind that becomes `invalid_client`, and what {@link passAsClient} throws
 * @throws Unavailable
 */
export async function authenticateClient(
  exchange: Exchange,
  params: Params,
  beside: Partial<AccountQuery>,
  deps: Deps,
): Promise<Caller> {
  const claim = await passAsClient(exchange, params, deps);
  return proveClient(exchange, claim, beside, deps);
}

/**
 * The first half of {@link authenticateClient}: reads who the client says it is, and lets the
 * request through the address filter. Nothing has been looked up until then.
 *
 * @throws Refusal when no client is named, two methods are used at once, or an address asks too
 *   much
 */
export async function passAsClient(
  { request }: Exchange,
  params: Params,
  deps: Deps,
): Promise<Claim> {
  const authorization = request.headers.get("Authorization");
  const audiences = assertionAudiences(request, deps);
  const address = addressOf(request);
  const claim = claimClient({ authorization, params, address, audiences });
  await deps.addressFilter.pass(address, claim.clientId);
  return claim;
}

/** The second half of {@link authenticateClient}. */
export async function proveClient(
  exchange: Exchange,
  claim: Claim,
  beside: Partial<AccountQuery>,
  deps: Deps,
): Promise<Caller> {
  const clientIds = [...new Set([claim.clientId, ...(beside.clientIds ?? [])])];
  const { origin } = exchange;
  const origins = origin === null ? [] : [origin];
  const accounts = await deps.accounts.find({ ...beside, clientIds, origins });
  if (origin !== null) {
    exchange.isOriginAllowed = accounts.isOriginAllowed(origin);
    deps.knownOrigins.note(origin, exchange.isOriginAllowed);
  }
  const client = accounts.client(claim.clientId);
  // A name that no client has is the caller's own text, and stays out of the log.
  if (client !== null) note({ clientId: client.clientId });
  const proved = await claim.prove(client, deps);
  if (origin !== null) exchange.isOriginAllowed = proved.allowedOrigins.includes(origin);
  if (proved.authMethod !== "none") {
    deps.addressFilter.trust(addressOf(exchange.request), proved.clientId);
  }
  return { client: proved, accounts };
}
