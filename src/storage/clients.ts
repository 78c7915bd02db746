import type { SigningAlgorithm } from "../crypto/signing-keys.ts";
import { callWithDeadline } from "../deadline.ts";
import type { Claims } from "../protocol/claims.ts";
import type { AccessTokenFormat, ClientAuthMethod } from "../protocol/names.ts";
import { parseScope, type Scope } from "../protocol/scope.ts";

/**
 * Who registered a client: an operator, the client itself (RFC 7591), or a document at the URL that
 * is its id.
 */
export type ClientRegistration = "operator" | "dynamic" | "document";

/** A client. */
export interface Client {
  readonly clientId: string;
  /** For people; may be empty. */
  readonly name: string;
  readonly authMethod: ClientAuthMethod;
  readonly secretHash: string | null;
  /** The secret before the last rotation; valid until {@link previousSecretEndsAtMs}. */
  readonly previousSecretHash: string | null;
  /** Null: the previous secret stays valid until it is removed. */
  readonly previousSecretEndsAtMs: number | null;
  readonly grantTypes: readonly string[];
  /** Null: all scopes of the service. */
  readonly scope: Scope | null;
  /** Used when the `scope` parameter is absent. Null: all of the client's scopes. */
  readonly defaultScope: Scope | null;
  /** Null: the service's setting. */
  readonly accessTokenTtlSeconds: number | null;
  readonly refreshIdleTtlSeconds: number | null;
  readonly refreshAbsoluteTtlSeconds: number | null;
  readonly accessTokenFormat: AccessTokenFormat;
  /** The APIs that its access tokens may be for (RFC 8707); the first is the default. */
  readonly audiences: readonly string[];
  readonly claims: Claims;
  /** Public keys of `private_key_jwt` (RFC 7517), or null. */
  readonly jwks: { readonly keys: readonly object[] } | null;
  /** Where codes may go (RFC 6749 §3.1.2.2). */
  readonly redirectUris: readonly string[];
  readonly redirectUriPatterns: readonly string[];
  /** Where a browser may go after signing out. */
  readonly postLogoutRedirectUris: readonly string[];
  /** Where logouts are reported, or null. */
  readonly backchannelLogoutUri: string | null;
  readonly backchannelLogoutNeedsSession: boolean;
  readonly idTokenAlgorithm: SigningAlgorithm;
  readonly requiresPkce: boolean;
  readonly skipsConsent: boolean;
  /** Origins of pages that may call (CORS). */
  readonly allowedOrigins: readonly string[];
  /** Where the keys of `private_key_jwt` are published instead, or null. */
  readonly jwksUri: string | null;
  readonly registration: ClientRegistration;
  readonly isDisabled: boolean;
  /** Families that began before this instant have ended. */
  readonly notBeforeMs: number;
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
  jwks_uri: string | null;
  registration: ClientRegistration;
  grant_types: string;
  scope: string | null;
  default_scope: string | null;
  audience: string;
  claims: string;
  allowed_origins: string;
  redirect_uris: string;
  redirect_uri_patterns: string;
  post_logout_redirect_uris: string;
  backchannel_logout_uri: string | null;
  backchannel_logout_session_required: number;
  id_token_signed_response_alg: SigningAlgorithm | null;
  require_pkce: number;
  skip_consent: number;
  access_token_format: AccessTokenFormat;
  access_token_ttl_seconds: number | null;
  refresh_idle_ttl_seconds: number | null;
  refresh_absolute_ttl_seconds: number | null;
  disabled: number;
  not_before_ms: number;
  created_at_ms: number;
}

/** Reads a row of `clients`. */
export function toClient(row: ClientRow): Client {
  return {
    clientId: row.client_id,
    name: row.client_name,
    authMethod: row.token_endpoint_auth_method,
    secretHash: row.secret_record,
    previousSecretHash: row.previous_secret_record,
    previousSecretEndsAtMs: row.previous_secret_ends_at_ms,
    grantTypes: words(row.grant_types),
    scope: row.scope === null ? null : parseScope(row.scope),
    defaultScope: row.default_scope === null ? null : parseScope(row.default_scope),
    accessTokenTtlSeconds: row.access_token_ttl_seconds,
    refreshIdleTtlSeconds: row.refresh_idle_ttl_seconds,
    refreshAbsoluteTtlSeconds: row.refresh_absolute_ttl_seconds,
    accessTokenFormat: row.access_token_format,
    allowedOrigins: words(row.allowed_origins),
    redirectUris: words(row.redirect_uris),
    redirectUriPatterns: words(row.redirect_uri_patterns),
    postLogoutRedirectUris: words(row.post_logout_redirect_uris),
    backchannelLogoutUri: row.backchannel_logout_uri,
    backchannelLogoutNeedsSession: row.backchannel_logout_session_required === 1,
    idTokenAlgorithm: row.id_token_signed_response_alg ?? "RS256",
    requiresPkce: row.require_pkce === 1,
    skipsConsent: row.skip_consent === 1,
    audiences: words(row.audience),
    claims: JSON.parse(row.claims),
    jwks: row.jwks === null ? null : JSON.parse(row.jwks),
    jwksUri: row.jwks_uri,
    registration: row.registration,
    isDisabled: row.disabled === 1,
    notBeforeMs: row.not_before_ms,
  };
}

/** Reads a column of words separated by spaces. */
export function words(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}

// Columns are listed, so that an error names a missing one.
const CLIENT_COLUMNS = `SELECT client_id, client_name, token_endpoint_auth_method, secret_record,
  previous_secret_record, previous_secret_ends_at_ms, jwks, grant_types, scope, default_scope,
  audience, claims, allowed_origins, access_token_format, access_token_ttl_seconds,
  refresh_idle_ttl_seconds, refresh_absolute_ttl_seconds, redirect_uris, redirect_uri_patterns,
  post_logout_redirect_uris, backchannel_logout_uri, backchannel_logout_session_required,
  id_token_signed_response_alg, require_pkce, skip_consent, jwks_uri, registration, disabled,
  not_before_ms FROM clients `;
const SELECT_CLIENT = `${CLIENT_COLUMNS}WHERE client_id = ?`;
/** A hash occurs in at most one of the two tables. */
const SELECT_CLIENT_OF_IMPORTED = `${CLIENT_COLUMNS}WHERE client_id IN (
    SELECT client_id FROM imported_refresh_tokens WHERE token_hash = ?1
    UNION ALL SELECT client_id FROM imported_access_tokens WHERE token_hash = ?1)`;

/** The statement that finds a client by id. */
export function selectClient(db: D1Database, clientId: string): D1PreparedStatement {
  return db.prepare(SELECT_CLIENT).bind(clientId);
}

/** The statement that finds the client of an imported token, by the hash of the token. */
export function selectClientOfImported(db: D1Database, hash: string): D1PreparedStatement {
  return db.prepare(SELECT_CLIENT_OF_IMPORTED).bind(hash);
}

/** The only change to a client by a token request. */
export interface ClientStore {
  /**
   * Replaces one of a client's secret hashes, current or previous, unless another request replaced
   * it first.
   *
   * @returns whether it was replaced
   * @throws Unavailable when D1 fails
   */
  replaceSecretHash(clientId: string, from: string, to: string): Promise<boolean>;
}

const REPLACE_SECRET_HASH = `UPDATE clients SET
  secret_record = iif(secret_record = ?2, ?3, secret_record),
  previous_secret_record = iif(previous_secret_record = ?2, ?3, previous_secret_record)
  WHERE client_id = ?1 AND ?2 IN (secret_record, previous_secret_record)`;

/** Builds the {@link ClientStore} over D1. */
export function createClientStore(db: D1Database): ClientStore {
  return {
    async replaceSecretHash(clientId, from, to) {
      const statement = db.prepare(REPLACE_SECRET_HASH).bind(clientId, from, to);
      const { meta } = await callWithDeadline("d1.replace_secret_record", () => statement.run());
      return meta.changes > 0;
    },
  };
}
