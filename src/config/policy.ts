import type { ClientPolicy } from "../clients/policy.ts";
import { type ListedResource, toResources } from "../clients/resources.ts";
import {
  ADMIN_SCOPE,
  NAMED_SCOPES,
  OPENID_SCOPE,
  OPENID_SCOPES,
  REGISTRATION_SCOPE,
} from "../protocol/names.ts";

/** Parts of the service that a deployment may lack. */
interface PolicySources {
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
  readonly resources: readonly ListedResource[] | null;
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
  return {
    scopes,
    openIdScopes: hasOpenId ? OPENID_SCOPES : [],
    namedScopes: NAMED_SCOPES,
    clientScopes,
    resources: toResources(settings.resources ?? [], scopes),
    lifetimes,
    hasOpenId,
    hasBackchannelLogout: hasOpenId && hasLogoutSenders,
    idTokenSeconds: idTokenTtlSeconds,
  };
}
