import type { Client, VerifiedClient } from "../clients/client.ts";
import {
  type AvailableScopes,
  allowedScope,
  type ClientPolicy,
  initialScope,
  isUnregistered,
  lifetimesOf,
  refreshedScope,
  targetOf,
  wantedResources,
  withStoredResources,
} from "../clients/policy.ts";
import { ID_TOKEN_ALGORITHM } from "../crypto/signing-keys.ts";
import { Refusal } from "../errors/refusal.ts";
import { isAddress } from "../protocol/address.ts";
import { OPENID_SCOPE } from "../protocol/names.ts";
import type { Scope } from "../protocol/scope.ts";
import type { Lookups } from "../storage/lookups.ts";
import type { User } from "../storage/users.ts";
import type { Authorization, RefreshOutcome } from "../tokens/authorization.ts";
import type { IdTokenTerms } from "../tokens/id-token.ts";
import { lookUpProfile, releasedClaims } from "../users/released-claims.ts";
import type { Grant, Proof, TokenRequest } from "./grant.ts";

/**
 * Called before {@link Grant.prove}, so that a client without the grant does not learn whether, for
 * example, a password is valid.
 *
 * @throws Refusal `grant_not_allowed`
 */
export function requireGrantAllowed(client: Client, grant: Grant): void {
  if (!isGrantAllowed(client, grant)) throw new Refusal("grant_not_allowed");
}

/** Whether a client may use a grant. */
export function isGrantAllowed({ authMethod, grantTypes }: VerifiedClient, grant: Grant): boolean {
  if (authMethod === "none" && !grant.allowsPublicClients) return false;
  return grantTypes.includes(grant.grantType);
}

/**
 * Decides what is issued, in the same way for every grant: scope, audience, claims, format and
 * lifetimes.
 *
 * @throws Refusal `scope_not_allowed` or `audience_not_allowed`
 * @throws Unavailable
 */
export async function authorize(
  client: Client,
  proof: Proof,
  request: TokenRequest,
  lookups: Lookups,
  settings: ClientPolicy,
): Promise<Authorization> {
  const { user, login } = proof;
  const { params, label, issuerUrl, receivedAtMs } = request;
  const resource = params.get("resource");
  const granted = login?.resources ?? [];
  const wanted = wantedResources(resource, granted, settings);
  const policy = await withStoredResources(settings, wanted, client, lookups);
  const ofRequest = user === null ? scopesForItself(client, policy) : policy;
  const target = targetOf(resource, granted, client, ofRequest, policy);
  const { audience, available } = target;
  const requested = params.get("scope");
  const scope =
    login === null
      ? initialScope(requested, client, available)
      : refreshedScope(requested, login.scope, allowedScope(client, available));
  const idToken = user && (await idTokenFor(client, user, scope, proof, lookups, policy));
  return {
    clientId: client.clientId,
    subject: user?.id ?? null,
    scope,
    audience,
    claims: { ...client.claims, ...user?.claims },
    // An unregistered client may have no API at all, and a JWT is for one.
    accessTokenFormat:
      isUnregistered(client) && audience === null ? "opaque" : client.accessTokenFormat,
    lifetimes: lifetimesOf(client, policy.lifetimes),
    refresh: refreshFor(client, proof, resource === undefined ? null : audience),
    idToken,
    reportsLogout:
      policy.hasBackchannelLogout && idToken !== null && client.backchannelLogoutUri !== null,
    issuerUrl,
    // The look-up already saw changes up to these instants, so they must not end this login.
    authorizedAtMs: Math.max(receivedAtMs, client.notBeforeMs, user?.notBeforeMs ?? 0),
    label,
    address: userAddressOf(client, request),
  };
}

/** A client without `scope` does not get the scopes that require registration by name. */
function scopesForItself(
  client: Client,
  { scopes, namedScopes, clientScopes }: ClientPolicy,
): AvailableScopes {
  return {
    scopes: client.scope === null ? scopes : [...scopes, ...clientScopes],
    openIdScopes: [],
    namedScopes,
  };
}

/** Whenever a user is asked for with `openid`, also by a refresh (OIDC Core §3.1.3.3, §12.2). */
async function idTokenFor(
  client: Client,
  user: User,
  scope: Scope,
  { refresh }: Proof,
  lookups: Lookups,
  policy: ClientPolicy,
): Promise<IdTokenTerms | null> {
  if (!policy.hasOpenId || !scope.includes(OPENID_SCOPE)) return null;
  const claimNames = claimNamesOf(refresh);
  const profile = await lookUpProfile(user.id, lookups);
  return {
    algorithm: client.idTokenAlgorithm ?? ID_TOKEN_ALGORITHM,
    lifetimeSeconds: policy.idTokenSeconds,
    nonce: refresh.kind === "code" ? refresh.code.nonce : null,
    claims: releasedClaims({ ...client.claims, ...user.claims }, profile, scope, claimNames),
  };
}

/** The claims that the authorization request asked for alone, or null. */
function claimNamesOf(refresh: RefreshOutcome): readonly string[] | null {
  if (refresh.kind === "code") return refresh.code.claimNames;
  return refresh.kind === "rotated" ? refresh.predecessor.claimNames : null;
}

/**
 * No refresh token for a client that may not refresh.
 *
 * @param resource the API that the request names, or null
 */
function refreshFor(client: Client, { refresh }: Proof, resource: string | null): RefreshOutcome {
  const mayRefresh = client.grantTypes.includes("refresh_token");
  // Even then the code begins a family: a replay of the code revokes the access token with it.
  if (refresh.kind === "code") return { ...refresh, hasRefreshToken: mayRefresh };
  if (refresh.kind !== "new") return refresh;
  if (!mayRefresh) return { kind: "none" };
  const resources = resource === null ? [] : [resource];
  return { kind: "new", login: { ...refresh.login, resources } };
}

/**
 * The address of the user. An authenticated client may state it. A public client may not, because
 * anyone can use its id.
 *
 * @throws Refusal `forwarded_address_malformed`
 */
export function userAddressOf(
  { authMethod }: VerifiedClient,
  { address, forwardedFor }: Pick<TokenRequest, "address" | "forwardedFor">,
): string | null {
  if (authMethod === "none" || forwardedFor === null) return address;
  if (!isAddress(forwardedFor)) throw new Refusal("forwarded_address_malformed");
  return forwardedFor;
}
