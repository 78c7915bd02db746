import { env } from "cloudflare:workers";
import { importedTokenHash } from "../../src/tokens/imported-token.ts";
import { newDotToken } from "./dot-tokens.ts";

/** What the site of before had given out: a pair, or the one of the two that is named. */
export interface ImportedLogin {
  readonly refreshToken: string;
  readonly accessToken: string;
}

/** How an imported login differs from the usual. */
interface ImportedFields {
  readonly clientId?: string;
  readonly userId?: string;
  readonly scope?: string;
  readonly refreshExpiresAtMs?: number;
  readonly accessExpiresAtMs?: number;
}

/** The id of the user that `registerDefaults` makes. */
export async function adasId(): Promise<string> {
  const select = env.DB.prepare("SELECT id FROM users WHERE username = 'ada'");
  return (await select.first<string>("id")) ?? "";
}

/** Writes a login of another server into D1, as `cli import` does, with tokens like no other. */
export async function importLogin(fields: ImportedFields = {}): Promise<ImportedLogin> {
  const login = { refreshToken: newDotToken(), accessToken: newDotToken() };
  const { clientId = "client", userId = await adasId(), scope = "read write" } = fields;
  const [refreshHash, accessHash] = [
    await importedTokenHash(login.refreshToken),
    await importedTokenHash(login.accessToken),
  ];
  const hourLater = Date.now() + 3_600_000;
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO imported_refresh_tokens (token_hash, client_id, user_id, scope, expires_at_ms)
       VALUES (?, ?, ?, ?, ?)`,
    ).bind(refreshHash, clientId, userId, scope, fields.refreshExpiresAtMs ?? hourLater),
    env.DB.prepare(
      `INSERT INTO imported_access_tokens (token_hash, refresh_token_hash, client_id, user_id,
         scope, issued_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ).bind(
      ...[accessHash, refreshHash, clientId, userId, scope, Date.now() - 60_000],
      fields.accessExpiresAtMs ?? hourLater,
    ),
  ]);
  return login;
}

/** Writes an access token that a client got for itself elsewhere. */
export async function importOwnToken(clientId: string): Promise<string> {
  const token = newDotToken();
  await env.DB.prepare(
    `INSERT INTO imported_access_tokens (token_hash, client_id, scope, issued_at_ms, expires_at_ms)
     VALUES (?, ?, 'read', ?, ?)`,
  )
    .bind(await importedTokenHash(token), clientId, Date.now(), Date.now() + 3_600_000)
    .run();
  return token;
}
