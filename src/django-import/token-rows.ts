import type { ImportedAccessTokenRow, ImportedRefreshTokenRow } from "../storage/import-store.ts";
import { refusalOfToken } from "./known-accounts.ts";
import type { Survey } from "./survey.ts";
import type { DumpedAccessToken, DumpedRefreshToken } from "./tokens.ts";

/** Options for importing tokens. */
export interface TokenOptions {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Access tokens that expire earlier are not imported. Milliseconds since the epoch. */
  readonly expiresAfterMs: number;
  /** Default for clients without their own value. */
  readonly refreshIdleSeconds: number;
  /** All scopes of the service. */
  readonly scopes: readonly string[];
}

/** A row to insert, or why the token is rejected. */
type Row<Columns> = { readonly row: Columns } | { readonly refusal: string };

/** The accounts that tokens refer to. */
type Accounts = Pick<Survey, "users" | "clients">;

/** The hash of an access token, and of its refresh token; null: it has none. */
export interface AccessTokenHashes {
  readonly hash: string;
  readonly refreshTokenHash: string | null;
}

/** Decides on a live refresh token. @param scope the scope of its access token */
export function refreshTokenRow(
  token: DumpedRefreshToken,
  scope: string,
  accounts: Accounts,
  { nowMs, refreshIdleSeconds }: TokenOptions,
): Row<ImportedRefreshTokenRow> {
  const { client, user, refusal } = ownersOf(token, accounts);
  if (user === null) return { refusal: "has no user" };
  if (client === undefined || user === undefined || refusal !== null) {
    return { refusal: refusal ?? "" };
  }
  const row = {
    token_hash: token.hash,
    client_id: client.clientId,
    user_id: user.id,
    scope,
    expires_at_ms: nowMs + (client.refreshIdleSeconds ?? refreshIdleSeconds) * 1000,
  };
  return { row };
}

/** Decides on an access token that has not expired. */
export function accessTokenRow(
  token: DumpedAccessToken,
  { hash, refreshTokenHash }: AccessTokenHashes,
  accounts: Accounts,
  { nowMs }: TokenOptions,
): Row<ImportedAccessTokenRow> {
  const { client, user, refusal } = ownersOf(token, accounts);
  if (client === undefined || user === undefined || refusal !== null) {
    return { refusal: refusal ?? "" };
  }
  const row = {
    token_hash: hash,
    refresh_token_hash: refreshTokenHash,
    client_id: client.clientId,
    user_id: user?.id ?? null,
    scope: token.scope,
    issued_at_ms: token.createdMs === 0 ? nowMs : token.createdMs,
    expires_at_ms: token.expiresMs,
  };
  return { row };
}

function ownersOf(token: DumpedRefreshToken | DumpedAccessToken, { users, clients }: Accounts) {
  const user = token.user === null ? null : users.get(token.user);
  // Tokens that an API has cached from another server have no application.
  const none = { client: undefined, user, refusal: "has no application" };
  if (token.application === null) return none;
  const client = clients.get(token.application);
  return { client, user, refusal: refusalOfToken(token.createdMs, client, user) };
}
