/** Claims that the operator sets for a client or a user, such as roles or a tenant. */
export type Claims = Readonly<Record<string, unknown>>;

/** Names that tokens and introspection use by themselves (RFC 7519 §4.1, 7662 §2.2, 9068 §2.2). */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set([
  "active",
  "aud",
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
