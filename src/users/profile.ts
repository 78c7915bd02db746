import type { Claims, DatedProfile, Profile } from "../protocol/claims.ts";
import type { Scope } from "../protocol/scope.ts";
import { profileFieldRows } from "./profile-fields.ts";

/** Claims that say whether another one is verified. */
const VERIFIED = { email: "email_verified", phone_number: "phone_number_verified" } as const;

/** The names of all claims that a profile can have, for discovery. */
export function profileClaimNames(): readonly string[] {
  return [...profileFieldRows().map(([name]) => name), "updated_at"];
}

/**
 * The claims about a user that a scope releases (OpenID Connect Core §5.4), and no other.
 *
 * @param names only these, such as those of the `claims` parameter (§5.5); null: all
 */
export function claimsFor(
  profile: DatedProfile,
  scope: Scope,
  names: readonly string[] | null = null,
): Claims {
  const released = profileFieldRows()
    .filter(([, field]) => scope.includes(field.scope))
    .map(([name]) => name);
  const dated: readonly (keyof DatedProfile)[] = scope.includes("profile") ? ["updated_at"] : [];
  const whole = withVerifiedFlags(profile);
  const claims = [...released, ...dated]
    .filter((name) => names === null || names.includes(name))
    .map((name) => [name, whole[name]])
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(claims);
}

/** What is not known to be verified is not. A flag without its address says nothing. */
function withVerifiedFlags(profile: DatedProfile): DatedProfile {
  const flags = Object.entries(VERIFIED).map(([name, flag]) => {
    const isPresent = profile[name as keyof typeof VERIFIED] !== undefined;
    return [flag, isPresent ? (profile[flag] ?? false) : undefined];
  });
  return { ...profile, ...Object.fromEntries(flags) };
}

/**
 * Removes what said that an e-mail address or telephone number is verified, where that changed.
 *
 * @param named the fields that the change itself has
 */
export function withoutStaleFlags(
  before: Profile,
  after: Profile,
  named: ReadonlySet<string>,
): Profile {
  const stale = Object.entries(VERIFIED)
    .filter(([name]) => before[name as keyof Profile] !== after[name as keyof Profile])
    .map(([, flag]) => flag)
    .filter((flag) => !named.has(flag));
  return Object.fromEntries(
    Object.entries(after).filter(([name]) => !(stale as string[]).includes(name)),
  );
}
