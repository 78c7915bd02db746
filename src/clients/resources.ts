import { Refusal } from "../errors/refusal.ts";
import { findResource } from "../protocol/resource.ts";
import type { Client } from "./client.ts";
import { type AvailableScopes, type ClientPolicy, isUnregistered } from "./policy.ts";

/** What an access token is for. */
export interface TokenTarget {
  /** The API, or null: the client is registered for none and named none. */
  readonly audience: string | null;
  /** The scopes that it may have there. */
  readonly available: AvailableScopes;
}

type Resources = Pick<ClientPolicy, "resources">;

/**
 * The APIs that a request names (RFC 8707 §2), in their registered spelling: those of the client,
 * and those of the setting `RESOURCES`, which every client may name.
 *
 * @throws Refusal `audience_not_allowed`
 */
export function requireResources(
  named: readonly string[],
  client: Client,
  { resources }: Resources,
): readonly string[] {
  const own = isUnregistered(client) ? [] : client.audiences;
  const known = [...own, ...resources.map(({ uri }) => uri)];
  const found = named.map((resource) => findResource(resource, known));
  const allowed = found.filter((resource) => resource !== undefined);
  if (allowed.length < named.length) throw new Refusal("audience_not_allowed");
  return [...new Set(allowed)];
}

/**
 * The scopes that tokens for these APIs can have. An API of `RESOURCES` has its own scopes; apart
 * from those there are only the scopes of OpenID Connect. A registered client has all of its scopes
 * at its other APIs, and when it names none. An unregistered client has only those of `RESOURCES`.
 *
 * @param named in their registered spelling
 */
export function scopesFor(
  named: readonly string[],
  client: Client,
  available: AvailableScopes,
  { resources }: Resources,
): AvailableScopes {
  const everywhere = isUnregistered(client) ? resources.map(({ uri }) => uri) : [];
  const apis = named.length > 0 ? named : everywhere;
  const limits = apis.map((api) => resources.find(({ uri }) => findResource(api, [uri])));
  const isLimited = limits.length > 0 && !limits.includes(undefined);
  if (!isLimited && !isUnregistered(client)) return available;
  const scopes = limits.flatMap((limit) => limit?.scope ?? []);
  return {
    scopes: available.scopes.filter((scope) => scopes.includes(scope)),
    openIdScopes: available.openIdScopes,
    namedScopes: [],
  };
}

/**
 * Decides which API an access token is for: the one that `resource` names, otherwise the first one
 * of the login or of the client. The tokens of a login that named APIs are only for these (RFC 8707
 * §2.2).
 *
 * @param requested the parameter `resource`
 * @param granted the APIs that the login named, or none
 * @throws Refusal `audience_not_allowed` when the client may not, or no longer, name it, or when
 *   the login named others
 */
export function targetOf(
  requested: string | undefined,
  granted: readonly string[],
  client: Client,
  available: AvailableScopes,
  policy: Resources,
): TokenTarget {
  if (requested !== undefined && granted.length > 0 && !findResource(requested, granted)) {
    throw new Refusal("audience_not_allowed");
  }
  const wanted = requested ?? granted[0];
  const named = requireResources(wanted === undefined ? [] : [wanted], client, policy);
  const audience = named[0] ?? defaultAudience(client, policy);
  const limiting = isUnregistered(client) && audience !== null ? [audience] : named;
  return { audience, available: scopesFor(limiting, client, available, policy) };
}

function defaultAudience(client: Client, { resources }: Resources): string | null {
  if (isUnregistered(client)) return resources[0]?.uri ?? null;
  return client.audiences[0] ?? null;
}
