import type { Claims } from "../protocol/claims.ts";
import type { AccessTokenFormat, ClientAuthMethod, GrantType } from "../protocol/names.ts";
import { parseScope, type Scope } from "../protocol/scope.ts";

/** A registered client, as the table `clients` has it. */
export interface Client {
  readonly clientId: string;
  readonly authMethod: ClientAuthMethod;
  readonly secretRecord: string | null;
  /** The secret before the last rotation; valid until {@link previousSecretEndsAtMs}. */
  readonly previousSecretRecord: string | null;
  /** Null: the previous secret stays valid until it is removed. */
  readonly previousSecretEndsAtMs: number | null;
  readonly grantTypes: readonly GrantType[];
  /** Null: every scope of the service. */
  readonly scope: Scope | null;
  /** What an absent `scope` parameter means. Null: all of the client's scopes. */
  readonly defaultScope: Scope | null;
  /** Null: the service's setting. */
  readonly accessTokenTtlSeconds: number | null;
  readonly refreshIdleTtlSeconds: number | null;
  readonly refreshAbsoluteTtlSeconds: number | null;
  readonly accessTokenFormat: AccessTokenFormat;
  /** The APIs that its access tokens may be for (RFC 8707); the first unless it names another. */
  readonly audiences: readonly string[];
  readonly claims: Claims;
  /** Public keys of `private_key_jwt` (RFC 7517), or null. */
  readonly jwks: { readonly keys: readonly object[] } | null;
  /** Browser origins that may call with CORS. */
  readonly allowedOrigins: readonly string[];
  readonly isDisabled: boolean;
  /** Families of before this instant have ended. */
  readonly notBeforeMs: number;
}

/** A user who may log in, as the table `users` has it. */
export interface User {
  /** What tokens carry as the subject; never reused. */
  readonly id: string;
  readonly username: string;
  readonly passwordRecord: string;
  readonly claims: Claims;
  readonly isActive: boolean;
  /** Families of before this instant have ended. */
  readonly notBeforeMs: number;
  /** When an operator last unlocked the user or reset the password; 0: never. */
  readonly unlockedAtMs: number;
}

/** A row of the table `clients`. */
export interface ClientRow {
  client_id: string;
  client_name: string;
  token_endpoint_auth_method: ClientAuthMethod;
  secret_record: string | null;
  previous_secret_record: string | null;
  previous_secret_ends_at_ms: number | null;
  jwks: string | null;
  grant_types: string;
  scope: string | null;
  default_scope: string | null;
  audience: string;
  claims: string;
  allowed_origins: string;
  access_token_format: AccessTokenFormat;
  access_token_ttl_seconds: number | null;
  refresh_idle_ttl_seconds: number | null;
  refresh_absolute_ttl_seconds: number | null;
  disabled: number;
  not_before_ms: number;
  created_at_ms: number;
}

/** A row of the table `users`. */
export interface UserRow {
  id: string;
  username: string;
  /** As `usernameKey` makes it; null: not filled yet. */
  username_key: string | null;
  password_record: string;
  claims: string;
  is_active: number;
  not_before_ms: number;
  unlocked_at_ms: number;
  created_at_ms: number;
}

/** Reads a row of `clients`. */
export function toClient(row: ClientRow): Client {
  return {
    clientId: row.client_id,
    authMethod: row.token_endpoint_auth_method,
    secretRecord: row.secret_record,
    previousSecretRecord: row.previous_secret_record,
    previousSecretEndsAtMs: row.previous_secret_ends_at_ms,
    grantTypes: words(row.grant_types) as GrantType[],
    scope: row.scope === null ? null : parseScope(row.scope),
    defaultScope: row.default_scope === null ? null : parseScope(row.default_scope),
    accessTokenTtlSeconds: row.access_token_ttl_seconds,
    refreshIdleTtlSeconds: row.refresh_idle_ttl_seconds,
    refreshAbsoluteTtlSeconds: row.refresh_absolute_ttl_seconds,
    accessTokenFormat: row.access_token_format,
    allowedOrigins: words(row.allowed_origins),
    audiences: words(row.audience),
    claims: JSON.parse(row.claims),
    jwks: row.jwks === null ? null : JSON.parse(row.jwks),
    isDisabled: row.disabled === 1,
    notBeforeMs: row.not_before_ms,
  };
}

/** Reads a row of `users`. */
export function toUser(row: UserRow): User {
  return {
    id: row.id,
    username: row.username,
    passwordRecord: row.password_record,
    claims: JSON.parse(row.claims),
    isActive: row.is_active === 1,
    notBeforeMs: row.not_before_ms,
    unlockedAtMs: row.unlocked_at_ms,
  };
}

/** Reads a column that holds words with spaces between. */
export function words(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}
