import type { ClientPolicy } from "../clients/policy.ts";
import {
  ADMIN_SCOPE,
  NAMED_SCOPES,
  OPENID_SCOPE,
  OPENID_SCOPES,
  REGISTRATION_SCOPE,
} from "../protocol/names.ts";
import type { Scope } from "../protocol/scope.ts";

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
    hasOpenId,
    hasBackchannelLogout: hasOpenId && hasLogoutSenders,
    idTokenSeconds: idTokenTtlSeconds,
  };
}
