import type { Client } from "../clients/client.ts";
import { callWithDeadline } from "../isolate.ts";
import type { ImportedToken } from "../tokens/imported-token.ts";
import type { Consent } from "./consents.ts";
import type { User } from "./users.ts";

/** A token of another server, with its client and user. */
export interface ImportedLogin {
  readonly token: ImportedToken;
  readonly client: Client | null;
  /** Null: there is none, or the client acts for itself. */
  readonly user: User | null;
  /** What the user has allowed the client here. */
  readonly consent: Consent | null;
}

/** Changes to imported tokens, which `lookups.ts` reads. */
export interface ImportedTokenStore {
  /**
   * Marks a refresh token as consumed, and removes its access token. May be late or repeated: the
   * family's object decides whether the token is valid.
   *
   * @throws Unavailable when D1 fails
   */
  consume(refreshTokenHash: string): Promise<void>;
  /** Removes an access token. @throws Unavailable */
  remove(accessTokenHash: string): Promise<void>;
}

/** A row of {@link selectImportedToken}, from either table of imported tokens. */
export type ImportedTokenRow = {
  token_hash: string;
  client_id: string;
  scope: string;
  imported_at_ms: number;
  issued_at_ms: number;
  expires_at_ms: number;
} & (
  | { kind: "refresh"; user_id: string }
  | { kind: "access"; user_id: string | null; refresh_token_hash: string | null }
);

/** Expiry by the database's clock, which the import used too. */
const SELECT_IMPORTED_TOKEN = `SELECT * FROM (
  SELECT 'refresh' AS kind, token_hash, NULL AS refresh_token_hash, client_id, user_id, scope,
    imported_at_ms, imported_at_ms AS issued_at_ms, expires_at_ms FROM imported_refresh_tokens
  UNION ALL
  SELECT 'access', token_hash, refresh_token_hash, client_id, user_id, scope,
    imported_at_ms, issued_at_ms, expires_at_ms FROM imported_access_tokens
  ) WHERE token_hash = ? AND expires_at_ms > CAST(unixepoch('subsec') * 1000 AS INTEGER)`;

/** The statement that finds a token of either kind by its hash, unless it has expired. */
export function selectImportedToken(db: D1Database, hash: string): D1PreparedStatement {
  return db.prepare(SELECT_IMPORTED_TOKEN).bind(hash);
}

/** Reads a row of imported tokens. */
export function toImportedToken(row: ImportedTokenRow): ImportedToken {
  const common = {
    hash: row.token_hash,
    clientId: row.client_id,
    scope: row.scope,
    importedAtMs: row.imported_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
  if (row.kind === "refresh") return { kind: "refresh", userId: row.user_id, ...common };
  const { refresh_token_hash: refreshTokenHash, user_id: userId, issued_at_ms: issuedAtMs } = row;
  return { kind: "access", refreshTokenHash, userId, issuedAtMs, ...common };
}

/** Builds the {@link ImportedTokenStore} over D1. */
export function createImportedTokenStore(db: D1Database): ImportedTokenStore {
  return {
    async consume(refreshTokenHash) {
      const statements = [
        db.prepare("UPDATE imported_refresh_tokens SET is_consumed = 1 WHERE token_hash = ?"),
        db.prepare("DELETE FROM imported_access_tokens WHERE refresh_token_hash = ?"),
      ].map((statement) => statement.bind(refreshTokenHash));
      await callWithDeadline("d1.consume_imported_token", () => db.batch(statements));
    },

    async remove(accessTokenHash) {
      const statement = db
        .prepare("DELETE FROM imported_access_tokens WHERE token_hash = ?")
        .bind(accessTokenHash);
      await callWithDeadline("d1.remove_imported_token", () => statement.run());
    },
  };
}
