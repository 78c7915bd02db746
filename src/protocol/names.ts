/**
 * The scope of the management API. Only a client that acts for itself may have it, and only one
 * that is registered for it by name; it exists while `MANAGEMENT_API` is on.
 */
export const ADMIN_SCOPE = "admin";

/** The scope of callers that may introspect every token. */
export const INTROSPECTION_SCOPE = "introspection";

/**
 * Scopes that a client has only if it is registered for them by name: a client without `scope` has
 * every scope of the service but these. They exist whatever `SCOPES` lists.
 */
export const NAMED_SCOPES: readonly string[] = [INTROSPECTION_SCOPE];

/**
 * How a client is registered to authenticate (RFC 7591 §2). `client_secret_basic` and
 * `client_secret_post` accept either place, as DOT does; `none` is a public client.
 */
export const CLIENT_AUTH_METHODS = [
  "client_secret_basic",
  "client_secret_post",
  "private_key_jwt",
  "none",
] as const;

/** One of {@link CLIENT_AUTH_METHODS}. */
export type ClientAuthMethod = (typeof CLIENT_AUTH_METHODS)[number];

/**
 * What an access token looks like to the API that receives it: a reference that the service is
 * asked about, or a JWT that the API checks by itself (RFC 9068).
 */
export const ACCESS_TOKEN_FORMATS = ["opaque", "jwt"] as const;

/** One of {@link ACCESS_TOKEN_FORMATS}. */
export type AccessTokenFormat = (typeof ACCESS_TOKEN_FORMATS)[number];

/** The media types of a request body. Without `Content-Type` it is the first. */
export const MEDIA_TYPES = [
  "application/x-www-form-urlencoded",
  "application/json",
  "multipart/form-data",
] as const;

/** One of {@link MEDIA_TYPES}. */
export type MediaType = (typeof MEDIA_TYPES)[number];
