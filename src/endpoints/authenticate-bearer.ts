import type { Client } from "../clients/client.ts";
import { sha256, toHex } from "../crypto/bytes.ts";
import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import {
  type ActiveToken,
  finishIntrospection,
  type PendingIntrospection,
  startIntrospection,
} from "../issuer/introspect.ts";
import { parseScope } from "../protocol/scope.ts";
import { createLookups, type Lookups } from "../storage/lookups.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import type { RequestContext } from "./request-context.ts";

/** The bearer token of a request (RFC 6750 §2.1), or null when it has none. */
export function readBearer({ headers }: Request): string | null {
  return /^bearer +(\S+)$/i.exec(headers.get("Authorization") ?? "")?.[1] ?? null;
}

/**
 * Applies the address filter before the bearer token is looked up: an expired or revoked token can
 * be sent any number of times.
 *
 * @returns the caller's name in the filter
 * @throws Refusal `address_throttled`
 */
export async function limitBearer(
  { address }: RequestContext,
  bearer: string,
  { addressFilter }: Deps,
): Promise<string> {
  // A digest, so that the filter stores no token.
  const holder = toHex(await sha256(bearer));
  await addressFilter.limit(address, holder);
  return holder;
}

/**
 * Authenticates a caller of this service's own API by its bearer token. Sends the lookups that were
 * started before.
 *
 * @param pending the token, pending by the issuer
 * @param holder from {@link limitBearer}
 * @throws Refusal when the token is not valid, or not for this service
 * @throws Unavailable
 */
export async function authenticateBearer(
  context: RequestContext,
  pending: PendingIntrospection | null,
  holder: string,
  deps: Deps,
): Promise<ActiveToken> {
  const active = pending && (await finishIntrospection(pending, deps.issuer));
  if (active === null) throw new Refusal("caller_token_inactive");
  deps.addressFilter.exempt(context.address, holder);
  setLogFields({ clientId: active.clientId });
  // A token for another API is rejected: that API could use it to call here.
  if (active.audience !== null && active.audience !== context.issuerUrl) {
    throw new Refusal("caller_token_for_another");
  }
  return active;
}

/**
 * Requires a scope that clients have only by name. The client must still be registered for it, so
 * that removing the scope from a client affects its existing tokens.
 *
 * @throws Refusal `caller_scope_insufficient`
 */
export async function requireNamedScope(
  active: ActiveToken,
  scope: string,
  lookups: Lookups,
): Promise<void> {
  const isGranted = parseScope(active.scope)?.includes(scope) === true;
  if (!isGranted || !isRegisteredFor(await lookups.client(active.clientId), scope)) {
    throw new Refusal("caller_scope_insufficient");
  }
}

/** Whether a client is registered for a scope by name. */
export function isRegisteredFor(client: Client | null, scope: string): boolean {
  return client?.scope?.includes(scope) === true;
}

/**
 * Authenticates a caller that is a client acting for itself, whose token has a scope that clients
 * have only by name. A user's token is rejected, whatever its scope.
 *
 * @returns the client's id
 * @throws Refusal, Unavailable
 */
export async function authenticateForScope(
  context: RequestContext,
  scope: string,
  deps: Deps,
): Promise<string> {
  const { request } = context;
  if (!request.headers.has("Authorization")) throw new Refusal("caller_token_missing");
  const bearer = readBearer(request);
  if (bearer === null) throw new Refusal("caller_token_inactive");
  const holder = await limitBearer(context, bearer, deps);
  const lookups = createLookups(deps.lookups);
  const pending = await startIntrospection(bearer, lookups, deps.issuer);
  const active = await authenticateBearer(context, pending, holder, deps);
  if (active.subject !== null) throw new Refusal("caller_is_user");
  await requireNamedScope(active, scope, lookups);
  return active.clientId;
}
