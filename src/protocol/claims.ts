/** Claims that the operator sets for a client or a user, such as roles or a tenant. */
export type Claims = Readonly<Record<string, unknown>>;

/** A postal address (OpenID Connect Core §5.1.1). */
interface Address {
  readonly formatted?: string | undefined;
  readonly street_address?: string | undefined;
  readonly locality?: string | undefined;
  readonly region?: string | undefined;
  readonly postal_code?: string | undefined;
  readonly country?: string | undefined;
}

/** The standard claims about a user that can be set (OpenID Connect Core §5.1). */
export interface Profile {
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
  readonly address?: Address | undefined;
}

/** A profile with the time of its last change. */
export interface DatedProfile extends Profile {
  /** Seconds since the epoch; undefined: the profile is empty. */
  readonly updated_at?: number | undefined;
}

/** Names that tokens and introspection use by themselves (RFC 7519 §4.1, 7662 §2.2, 9068 §2.2). */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set([
  "active",
  "aud",
  "claim_names",
  "client_id",
  "exp",
  "iat",
  "iss",
  "jti",
  "nbf",
  "scope",
  "sub",
  "sub_kind",
  "token_type",
  "username",
]);

/** Names that an ID token uses by itself (OIDC Core §2, §3.3.2.11). */
export const ID_TOKEN_CLAIMS: ReadonlySet<string> = new Set([
  ...RESERVED_CLAIMS,
  "acr",
  "amr",
  "at_hash",
  "auth_time",
  "azp",
  "c_hash",
  "nonce",
  "s_hash",
  "sid",
]);
