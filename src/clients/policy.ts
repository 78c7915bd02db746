import { Refusal } from "../errors/refusal.ts";
import {
  ADMIN_SCOPE,
  NAMED_SCOPES,
  OPENID_SCOPE,
  OPENID_SCOPES,
  REGISTRATION_SCOPE,
} from "../protocol/names.ts";
import { redirectHostOf } from "../protocol/redirect-uri.ts";
import { isWithin, parseScope, type Scope } from "../protocol/scope.ts";
import type { Lifetimes } from "../tokens/authorization.ts";
import type { Client } from "./client.ts";

/** Whether no operator registered a client: it may only do what the setting `RESOURCES` allows. */
export function isUnregistered({ registration }: Pick<Client, "registration">): boolean {
  return registration !== "operator";
}

/** The scopes that a kind of request can have. */
export interface AvailableScopes {
  /** Of a client without `scope`. */
  readonly scopes: Scope;
  /** More that concern a user, if the request names them; empty without OpenID. */
  readonly openIdScopes: Scope;
  /** Only for clients whose `scope` lists them: {@link NAMED_SCOPES}. */
  readonly namedScopes: Scope;
}

/** An API for which any client may request tokens. */
export interface Resource {
  /** Its identifier, as tokens spell it. */
  readonly uri: string;
  readonly scope: Scope;
}

/** What the settings allow clients. */
export interface ClientPolicy extends AvailableScopes {
  /** Only for clients that are registered for them by name and act for themselves. */
  readonly clientScopes: Scope;
  /** The APIs for which any client may request tokens, with their scopes; the first by default. */
  readonly resources: readonly Resource[];
  /** The defaults of clients. */
  readonly lifetimes: Lifetimes;
  /** Whether clients can be told when a browser session ends. */
  readonly hasBackchannelLogout: boolean;
  /** Lifetime of ID tokens, in seconds. */
  readonly idTokenSeconds: number;
}

/** Parts of the service that a deployment may lack. */
export interface PolicySources {
  /** Whether clients can have the scope `admin`. */
  readonly hasManagementApi: boolean;
  /** Whether clients can have the scope `registration`. */
  readonly registersByToken: boolean;
  /** Whether the service issues ID tokens. */
  readonly hasOpenId: boolean;
  /** Whether it has objects that send logout tokens. */
  readonly hasLogoutSenders: boolean;
}

/** The settings of {@link policyOf}. */
interface PolicySettings extends Pick<ClientPolicy, "scopes" | "lifetimes"> {
  readonly idTokenTtlSeconds: number;
  /** A resource without `scope` has all scopes, except those that a client has only by name. */
  readonly resources: readonly { readonly uri: string; readonly scope: Scope | null }[] | null;
}

/** Reads the policy from the settings. */
export function policyOf(
  settings: PolicySettings,
  { hasManagementApi, registersByToken, hasOpenId, hasLogoutSenders }: PolicySources,
): ClientPolicy {
  const clientScopes = [
    ...(hasManagementApi ? [ADMIN_SCOPE] : []),
    ...(registersByToken ? [REGISTRATION_SCOPE] : []),
  ];
  const byName = [...NAMED_SCOPES, ...clientScopes, ...(hasOpenId ? [] : [OPENID_SCOPE])];
  const { lifetimes, idTokenTtlSeconds } = settings;
  const scopes = settings.scopes.filter((scope) => !byName.includes(scope));
  const ordinary = scopes.filter((scope) => scope !== ADMIN_SCOPE);
  return {
    scopes,
    openIdScopes: hasOpenId ? OPENID_SCOPES : [],
    namedScopes: NAMED_SCOPES,
    clientScopes,
    resources: (settings.resources ?? []).map(({ uri, scope }) => {
      return { uri, scope: scope ?? ordinary };
    }),
    lifetimes,
    hasBackchannelLogout: hasOpenId && hasLogoutSenders,
    idTokenSeconds: idTokenTtlSeconds,
  };
}

/** Whether the service issues ID tokens. */
export function hasOpenId({ openIdScopes }: ClientPolicy): boolean {
  return openIdScopes.includes(OPENID_SCOPE);
}

/** What a login granted. A refresh cannot exceed it. */
export interface GrantedLogin {
  readonly scope: Scope;
  /** The APIs that the login named (RFC 8707 §2.2), or none: any API of the client. */
  readonly resources: readonly string[];
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
  if (client.scope === null || isUnregistered(client)) {
    return [...scopes, ...openIdScopes];
  }
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

/** The lifetimes of the client, or else the defaults. */
export function lifetimesOf(client: Client, defaults: Lifetimes): Lifetimes {
  return {
    accessTokenSeconds: client.accessTokenTtlSeconds ?? defaults.accessTokenSeconds,
    refreshIdleSeconds: client.refreshIdleTtlSeconds ?? defaults.refreshIdleSeconds,
    refreshAbsoluteSeconds: client.refreshAbsoluteTtlSeconds ?? defaults.refreshAbsoluteSeconds,
  };
}

/** Whether the setting `DENIED_CLIENTS` names a client, or a host that it redirects to. */
export type IsDenied = (client: Pick<Client, "clientId" | "redirectUris">) => boolean;

/**
 * Reads the setting `DENIED_CLIENTS`. Every client is checked at every request, so most services
 * pay nothing for it.
 *
 * @param denied ids of clients, or hosts that they redirect to
 */
export function createDenial(denied: readonly string[]): IsDenied {
  if (denied.length === 0) return () => false;
  const names = new Set(denied);
  return ({ clientId, redirectUris }) => {
    return names.has(clientId) || redirectUris.some((uri) => names.has(redirectHostOf(uri)));
  };
}
