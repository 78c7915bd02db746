import { NAMED_SCOPES } from "../protocol/names.ts";
import { Refusal } from "../protocol/refusal.ts";
import { isWithin, parseScope, type Scope } from "../protocol/scope.ts";
import type { Client } from "../storage/accounts.ts";

/**
 * What a client may ask for: its registered scopes, as far as the service still has them.
 *
 * @param serviceScopes without those of {@link NAMED_SCOPES}
 */
export function allowedScope(client: Client, serviceScopes: Scope): Scope {
  if (client.scope === null) return serviceScopes;
  const existing = [...serviceScopes, ...NAMED_SCOPES];
  return client.scope.filter((token) => existing.includes(token));
}

/**
 * What a client that logs in is granted.
 *
 * @param requested the `scope` parameter; absent means the client's default scopes
 * @throws Refusal `scope_not_allowed` when it is malformed or wider than the client may have, or
 *   when nothing is left that the client may have: the service's scopes have changed since
 */
export function initialScope(
  requested: string | undefined,
  client: Client,
  serviceScopes: Scope,
): Scope {
  const allowed = allowedScope(client, serviceScopes);
  if (requested !== undefined) return requestedWithin(requested, allowed);
  const scope = client.defaultScope?.filter((token) => allowed.includes(token)) ?? allowed;
  if (scope.length === 0) throw new Refusal("scope_not_allowed");
  return scope;
}

/**
 * Reads a `scope` parameter that must stay within `allowed`.
 *
 * @throws Refusal `scope_not_allowed` when it is malformed, empty or wider
 */
export function requestedWithin(requested: string, allowed: Scope): Scope {
  const scope = parseScope(requested);
  if (scope === null || scope.length === 0 || !isWithin(scope, allowed)) {
    throw new Refusal("scope_not_allowed");
  }
  return scope;
}
