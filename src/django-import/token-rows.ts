import type { ImportedAccessTokenRow, ImportedRefreshTokenRow } from "../storage/import-store.ts";
import { refusalOfToken } from "./known-accounts.ts";
import type { Survey } from "./survey.ts";
import type { DumpedAccessToken, DumpedRefreshToken } from "./tokens.ts";

/** When tokens are brought over, and for how long. */
export interface TokenOptions {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** An access token that expires earlier is left. Milliseconds since the epoch. */
  readonly expiresAfterMs: number;
  /** For clients that set none of their own. */
  readonly refreshIdleSeconds: number;
  /** Every scope of the service. */
  readonly scopes: readonly string[];
}

/** A row to add, or why there is none. */
type Row<Columns> = { readonly row: Columns } | { readonly refusal: string };

/** Who the survey says that a token is of. */
type Accounts = Pick<Survey, "users" | "clients">;

/** What an access token is kept under, and the refresh token that came with it; null: none. */
export interface AccessTokenHashes {
  readonly hash: string;
  readonly refreshTokenHash: string | null;
}

/** Decides on a live refresh token. @param scope of the access token that came with it */
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
  // An API that introspects at another server keeps the tokens of that one so.
  const none = { client: undefined, user, refusal: "has no application" };
  if (token.application === null) return none;
  const client = clients.get(token.application);
  return { client, user, refusal: refusalOfToken(token.createdMs, client, user) };
}
