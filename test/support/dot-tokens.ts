import { importedTokenHash } from "../../src/tokens/imported-token.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A token as oauthlib makes them: thirty letters and digits. */
export function newDotToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(30));
  return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
}

/** Writes refresh tokens of another server for the user ada, as `cli import` does. */
export async function importRefreshTokens(
  db: D1Database,
  tokens: readonly string[],
  clientId: string,
): Promise<void> {
  const hashes = await Promise.all(tokens.map(importedTokenHash));
  await db
    .prepare(
      `INSERT INTO imported_refresh_tokens (token_hash, client_id, user_id, scope, expires_at_ms)
       SELECT hash.value, ?, users.id, 'read', ? FROM json_each(?) AS hash, users
       WHERE users.username = 'ada'`,
    )
    .bind(clientId, Date.now() + 86_400_000, JSON.stringify(hashes))
    .run();
}
