/**
 * The scope of the management API. Only for clients that act for themselves and are registered for
 * it by name. It exists while `MANAGEMENT_API` is on.
 */
export const ADMIN_SCOPE = "admin";

/**
 * `User-Agent` of requests to other servers. Workers add none, and without one Cloudflare's Browser
 * Integrity Check, which every zone has by default, may reject a request.
 */
export const USER_AGENT = "Tollgate";

/** The scope of callers that can introspect tokens of all clients. */
export const INTROSPECTION_SCOPE = "introspection";

/** The scope of callers that can register clients, while `REGISTRATION` requires one. */
export const REGISTRATION_SCOPE = "registration";

/**
 * Scopes that a client has only if it is registered for them by name: a client without `scope` has
 * all others. They exist even if `SCOPES` does not list them.
 */
export const NAMED_SCOPES: readonly string[] = [INTROSPECTION_SCOPE];

/**
 * Authentication methods of clients (RFC 7591 §2). `client_secret_basic` and `client_secret_post`
 * both accept the header and the body, as DOT does; `none` is a public client.
 */
export const CLIENT_AUTH_METHODS = [
  "client_secret_basic",
  "client_secret_post",
  "private_key_jwt",
  "none",
] as const;

/** One of {@link CLIENT_AUTH_METHODS}. */
export type ClientAuthMethod = (typeof CLIENT_AUTH_METHODS)[number];

/** Whether a client of this method has a secret. */
export function needsSecret(method: ClientAuthMethod): boolean {
  return method === "client_secret_basic" || method === "client_secret_post";
}

/** Prefix of a generated client secret, for scanners that look for leaked secrets. */
export const CLIENT_SECRET_PREFIX = "tgs_";

/**
 * Formats of access tokens: opaque, which an API introspects, or a JWT, which an API can verify by
 * itself (RFC 9068).
 */
export const ACCESS_TOKEN_FORMATS = ["opaque", "jwt"] as const;

/** One of {@link ACCESS_TOKEN_FORMATS}. */
export type AccessTokenFormat = (typeof ACCESS_TOKEN_FORMATS)[number];

/**
 * The scope of a login that does not end with the browser session in which it began (OIDC Core
 * §11).
 */
export const OFFLINE_SCOPE = "offline_access";

/** The scope that makes a request one of OpenID Connect (OIDC Core §3.1.2.1). */
export const OPENID_SCOPE = "openid";

/**
 * The scopes of OpenID Connect (OIDC Core §5.4, §11). They exist while the service has a key for ID
 * tokens, whether or not `SCOPES` lists them. A request without `scope` gets them only if the
 * client's own scopes name them.
 */
export const OPENID_SCOPES: readonly string[] = [
  OPENID_SCOPE,
  "profile",
  "email",
  "phone",
  "address",
  OFFLINE_SCOPE,
];

/** The media types of a request body. Without `Content-Type` it is the first. */
export const MEDIA_TYPES = [
  "application/x-www-form-urlencoded",
  "application/json",
  "multipart/form-data",
] as const;

/** One of {@link MEDIA_TYPES}. */
export type MediaType = (typeof MEDIA_TYPES)[number];
