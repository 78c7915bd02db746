import { type Claims, type DatedProfile, ID_TOKEN_CLAIMS } from "../protocol/claims.ts";
import type { Scope } from "../protocol/scope.ts";
import type { Lookups } from "../storage/lookups.ts";
import { claimsFor, profileClaimNames } from "./profile.ts";

/**
 * What ID tokens and userinfo say of a user: the profile, within the scope, and the claims that the
 * operator set. Of these, one with the name of a standard claim needs its scope too.
 *
 * @param set for the client and the user, such as roles
 * @param names of standard claims that the client asked for alone (OIDC Core §5.5); null: all
 */
export function releasedClaims(
  set: Claims,
  profile: DatedProfile,
  scope: Scope,
  names: readonly string[] | null,
): Claims {
  const standard = new Set(profileClaimNames());
  const own = Object.entries(set).filter(([name]) => {
    return !standard.has(name) && !ID_TOKEN_CLAIMS.has(name);
  });
  return { ...Object.fromEntries(own), ...claimsFor({ ...set, ...profile }, scope, names) };
}

/**
 * Looks up what {@link releasedClaims} needs. Started with the other look-ups of a request, it
 * costs no round trip.
 */
export async function lookUpProfile(userId: string, lookups: Lookups): Promise<DatedProfile> {
  return (await lookups.profile(userId)) ?? {};
}
