/** Types of user profiles, for both sides of a binding of the management API. */

/** Standard claims about a user (OpenID Connect Core §5.1), as docs/clients.md lists them. */
export interface UserProfile {
  readonly name?: string | undefined;
  readonly given_name?: string | undefined;
  readonly family_name?: string | undefined;
  readonly middle_name?: string | undefined;
  readonly nickname?: string | undefined;
  readonly preferred_username?: string | undefined;
  readonly profile?: string | undefined;
  readonly picture?: string | undefined;
  readonly website?: string | undefined;
  readonly gender?: string | undefined;
  readonly birthdate?: string | undefined;
  readonly zoneinfo?: string | undefined;
  readonly locale?: string | undefined;
  readonly email?: string | undefined;
  readonly email_verified?: boolean | undefined;
  readonly phone_number?: string | undefined;
  readonly phone_number_verified?: boolean | undefined;
  readonly address?:
    | {
        readonly formatted?: string | undefined;
        readonly street_address?: string | undefined;
        readonly locality?: string | undefined;
        readonly region?: string | undefined;
        readonly postal_code?: string | undefined;
        readonly country?: string | undefined;
      }
    | undefined;
}

/** Changes to a profile: null removes a field. */
export type UserProfilePatch = {
  readonly [Field in keyof UserProfile]: UserProfile[Field] | null;
};
