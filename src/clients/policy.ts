import { Refusal } from "../errors/refusal.ts";
import { ADMIN_SCOPE, NAMED_SCOPES } from "../protocol/names.ts";
import { isWithin, parseScope, type Scope } from "../protocol/scope.ts";
import type { Client } from "../storage/clients.ts";
import type { Lifetimes } from "../tokens/authorization.ts";

/** What the service allows its clients, from its settings. */
export interface ClientPolicy {
  /** The scopes of a client without `scope`. Those of {@link NAMED_SCOPES} are given by name. */
  readonly scopes: Scope;
  /** Only for clients that act for themselves and are registered for them by name. */
  readonly clientScopes: Scope;
  /** For clients that set none of their own. */
  readonly lifetimes: Lifetimes;
}

/**
 * Reads the policy from the settings.
 *
 * @param hasManagementApi whether clients can have the scope `admin`
 */
export function policyOf(
  { scopes, lifetimes }: Pick<ClientPolicy, "scopes" | "lifetimes">,
  hasManagementApi: boolean,
): ClientPolicy {
  const clientScopes = hasManagementApi ? [ADMIN_SCOPE] : [];
  const byName = [...NAMED_SCOPES, ...clientScopes];
  return { scopes: scopes.filter((scope) => !byName.includes(scope)), clientScopes, lifetimes };
}

/** What a user has granted a client already: a refresh stays within it. */
export interface GrantedLogin {
  readonly scope: Scope;
  /** The API that was named at login (RFC 8707 §2.2), or null: any that the client may have. */
  readonly resource: string | null;
}

/**
 * The scopes that a client may ask for: its registered ones, as far as the service still has them.
 *
 * @param serviceScopes without those of {@link NAMED_SCOPES}
 */
export function allowedScope(client: Client, serviceScopes: Scope): Scope {
  if (client.scope === null) return serviceScopes;
  const existing = [...serviceScopes, ...NAMED_SCOPES];
  return client.scope.filter((token) => existing.includes(token));
}

/**
 * The scope of a new login or of a client that acts for itself.
 *
 * @param requested the `scope` parameter; absent means the client's default scopes
 * @throws Refusal `scope_not_allowed` when it is malformed or not allowed, or when no scope is left
 *   that the client may have: the service's scopes have changed since
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
 * The scope of a refresh (RFC 6749 §6): the original one, as far as the client may still have it,
 * or the narrower one that it asks for. Only an imported login can have no scope at all: DOT grants
 * none where `DEFAULT_SCOPES` is empty, and such a login continues as it does there.
 *
 * @throws Refusal `scope_not_allowed`
 */
export function refreshedScope(
  requested: string | undefined,
  original: Scope,
  allowed: Scope,
): Scope {
  const granted = original.filter((token) => allowed.includes(token));
  if (requested !== undefined) return requestedWithin(requested, granted);
  if (granted.length === 0 && original.length > 0) throw new Refusal("scope_not_allowed");
  return granted;
}

function requestedWithin(requested: string, allowed: Scope): Scope {
  const scope = parseScope(requested);
  if (scope === null || scope.length === 0 || !isWithin(scope, allowed)) {
    throw new Refusal("scope_not_allowed");
  }
  return scope;
}

/**
 * The API that an access token is for (RFC 8707 §2): the one that `resource` names, else the
 * client's first. A login that named an API has tokens for that one alone (§2.2).
 *
 * @param granted the API that the login named, or null
 * @throws Refusal `audience_not_allowed` when it is not registered for the client, or no longer, or
 *   is not the login's
 */
export function audienceOf(
  requested: string | undefined,
  granted: string | null,
  client: Client,
): string | null {
  if (granted !== null && requested !== undefined && requested !== granted) {
    throw new Refusal("audience_not_allowed");
  }
  const named = requested ?? granted;
  if (named === null) return client.audiences[0] ?? null;
  if (!client.audiences.includes(named)) throw new Refusal("audience_not_allowed");
  return named;
}

/** The service's lifetimes, with those that the client sets itself. */
export function lifetimesOf(client: Client, defaults: Lifetimes): Lifetimes {
  return {
    accessTokenSeconds: client.accessTokenTtlSeconds ?? defaults.accessTokenSeconds,
    refreshIdleSeconds: client.refreshIdleTtlSeconds ?? defaults.refreshIdleSeconds,
    refreshAbsoluteSeconds: client.refreshAbsoluteTtlSeconds ?? defaults.refreshAbsoluteSeconds,
  };
}
