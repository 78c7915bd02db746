/** What a client may get: APIs, scopes and lifetimes, within what the settings allow. */
import { Refusal } from "../errors/refusal.ts";
import { redirectHostOf } from "../protocol/redirect-uri.ts";
import { findResource } from "../protocol/resource.ts";
import { isWithin, parseScope, type Scope } from "../protocol/scope.ts";
import type { Lifetimes } from "../tokens/authorization.ts";
import type { Client } from "./client.ts";
import { addStored, type ListedResource, type Resource } from "./resources.ts";
import { CLIENT_ID_PREFIX } from "./sealed-client-id.ts";

/** Whether no operator registered a client: it may only use {@link ClientPolicy.resources}. */
export function isUnregistered({ registration }: Pick<Client, "registration">): boolean {
  return registration !== "operator";
}

/** Whether a client id that no operator registered can only be the URL of a document. */
export function isDocumentUrl(clientId: string): boolean {
  return clientId.startsWith("https://");
}

/** Whether this can be the id of an unregistered client, which was not looked up yet. */
export function mayBeUnregistered(clientId: string): boolean {
  return clientId.startsWith(CLIENT_ID_PREFIX) || isDocumentUrl(clientId);
}

/** The scopes that a kind of request can have. */
export interface AvailableScopes {
  /** Of a client without `scope`. */
  readonly scopes: Scope;
  /** More that concern a user, if the request names them; empty without OpenID. */
  readonly openIdScopes: Scope;
  /** Only for clients whose `scope` lists them: `NAMED_SCOPES`. */
  readonly namedScopes: Scope;
}

/** What the settings allow clients. */
export interface ClientPolicy extends AvailableScopes {
  /** Only for clients that are registered for them by name and act for themselves. */
  readonly clientScopes: Scope;
  /** The APIs for which any client may request tokens, with their scopes; the first by default. */
  readonly resources: readonly Resource[];
  /** The defaults of clients. */
  readonly lifetimes: Lifetimes;
  /** Whether the service issues ID tokens. */
  readonly hasOpenId: boolean;
  /** Whether clients can be told when a browser session ends. */
  readonly hasBackchannelLogout: boolean;
  /** Lifetime of ID tokens, in seconds. */
  readonly idTokenSeconds: number;
}

/**
 * The scopes that a client may request: the registered ones that the service still has. A client
 * that registered itself is not limited to the scopes that it named, which are only its default:
 * MCP clients register with those of the first challenge, and ask for more later (step-up).
 */
export function allowedScope(
  client: Client,
  { scopes, openIdScopes, namedScopes }: AvailableScopes,
): Scope {
  if (client.scope === null || isUnregistered(client)) return [...scopes, ...openIdScopes];
  const existing = [...scopes, ...openIdScopes, ...namedScopes];
  return client.scope.filter((token) => existing.includes(token));
}

/**
 * The scope of a new login or of a client that acts for itself.
 *
 * @param requested the `scope` parameter; absent means the default scopes of the client
 * @throws Refusal `scope_not_allowed` when it is malformed or not allowed, or when the service no
 *   longer has any scope of the client
 */
export function initialScope(
  requested: string | undefined,
  client: Client,
  available: AvailableScopes,
): Scope {
  const allowed = allowedScope(client, available);
  if (requested !== undefined) return requestedWithin(requested, allowed);
  const registered = client.defaultScope ?? client.scope ?? available.scopes;
  const scope = registered.filter((token) => allowed.includes(token));
  if (scope.length === 0) throw new Refusal("scope_not_allowed");
  return scope;
}

/**
 * The scope of a refresh (RFC 6749 §6): the requested scope within the original one, or else the
 * original one without what the client may no longer have. Only an imported login can have an empty
 * scope: DOT grants none when `DEFAULT_SCOPES` is empty, and such a login continues without scope.
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
 * Whether a request depends on APIs that the management API added: it names one that the setting
 * does not list, or its client is unregistered and it names none.
 */
export function needsStoredResources(
  named: readonly string[],
  isOfUnregistered: boolean,
  { resources }: ClientPolicy,
): boolean {
  if (named.length === 0) return isOfUnregistered;
  const known = resources.map(({ uri }) => uri);
  return named.some((resource) => findResource(resource, known) === undefined);
}

/** The policy of a request, with the stored APIs if it depends on them. */
export async function withStoredResources(
  policy: ClientPolicy,
  named: readonly string[],
  client: Client,
  lookups: { resources(): PromiseLike<readonly ListedResource[]> },
): Promise<ClientPolicy> {
  if (!needsStoredResources(named, isUnregistered(client), policy)) return policy;
  const stored = await lookups.resources();
  return { ...policy, resources: addStored(policy.resources, stored, policy.scopes) };
}

/** The API that a token request or its login names, or else the first of the setting, if any. */
export function wantedResources(
  requested: string | undefined,
  granted: readonly string[],
  { resources }: ClientPolicy,
): readonly string[] {
  return [requested ?? granted[0] ?? resources[0]?.uri].filter((uri) => uri !== undefined);
}

/** What an access token is for. */
export interface TokenTarget {
  /** The API, or null: the client is registered for none and named none. */
  readonly audience: string | null;
  /** The scopes that it may have there. */
  readonly available: AvailableScopes;
}

/**
 * The APIs that a request names (RFC 8707 §2), in their registered spelling: those of the client,
 * and those for every client.
 *
 * @throws Refusal `audience_not_allowed`
 */
export function requireResources(
  named: readonly string[],
  client: Client,
  { resources }: ClientPolicy,
): readonly string[] {
  const own = isUnregistered(client) ? [] : client.audiences;
  const known = [...own, ...resources.map(({ uri }) => uri)];
  const found = named.map((resource) => findResource(resource, known));
  const allowed = found.filter((resource) => resource !== undefined);
  if (allowed.length < named.length) throw new Refusal("audience_not_allowed");
  return [...new Set(allowed)];
}

/**
 * The scopes that tokens for these APIs can have. An API for every client has its own scopes; apart
 * from those there are only the scopes of OpenID Connect. A registered client has all of its scopes
 * at its other APIs, and when it names none. An unregistered client has only those of such APIs.
 *
 * @param named in their registered spelling
 */
export function scopesFor(
  named: readonly string[],
  client: Client,
  available: AvailableScopes,
  { resources }: ClientPolicy,
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
  policy: ClientPolicy,
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

function defaultAudience(client: Client, { resources }: ClientPolicy): string | null {
  if (isUnregistered(client)) return resources[0]?.uri ?? null;
  return client.audiences[0] ?? null;
}

/** The lifetimes of the client, or else the defaults. */
export function lifetimesOf(client: Client, defaults: Lifetimes): Lifetimes {
  return {
    accessTokenSeconds: client.accessTokenTtlSeconds ?? defaults.accessTokenSeconds,
    refreshIdleSeconds: client.refreshIdleTtlSeconds ?? defaults.refreshIdleSeconds,
    refreshAbsoluteSeconds: client.refreshAbsoluteTtlSeconds ?? defaults.refreshAbsoluteSeconds,
  };
}

/** Whether the setting `DENIED_CLIENTS` names the client, or a host that it redirects to. */
export function isDenied(
  { clientId, redirectUris }: Pick<Client, "clientId" | "redirectUris">,
  denied: ReadonlySet<string>,
): boolean {
  // Every client is checked at every request, and most services deny none.
  if (denied.size === 0) return false;
  return denied.has(clientId) || redirectUris.some((uri) => denied.has(redirectHostOf(uri)));
}
