import type {
  ImportedAccessToken,
  ImportedRefreshToken,
  ImportStore,
} from "../../storage/import-store.ts";
import type { DumpRecord } from "./dump-record.ts";
import { refusalOfToken } from "./known-accounts.ts";
import type { Tally } from "./report.ts";
import type { PendingRefreshToken, Survey } from "./survey.ts";
import { type DumpedAccessToken, LACKS_SCOPE, mapAccessToken } from "./tokens.ts";

/** When the tokens are brought over, and for how long. */
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

/** Most access tokens read between two writes; the scope of each has at most 2,000 characters. */
const TOKENS_PER_BATCH = 500;

/** Writes live tokens some hundred at a time: a refresh token together with its access token. */
export function createTokenBatches(
  survey: Survey,
  store: ImportStore,
  tally: Tally,
  { nowMs, expiresAfterMs, refreshIdleSeconds, scopes }: TokenOptions,
) {
  const met = new Set<string>();
  const lacking = new Map<string, number>();
  let refreshTokens: ImportedRefreshToken[] = [];
  let accessTokens: ImportedAccessToken[] = [];

  /** Who a token is of, or why it is refused. */
  function ownersOf(token: PendingRefreshToken | DumpedAccessToken) {
    const client = token.application === null ? undefined : survey.clients.get(token.application);
    const user = token.user === null ? null : survey.users.get(token.user);
    const refusal = refusalOfToken(token.createdMs, client, user);
    return { client, user, refusal };
  }

  /** @returns whether it is to be written */
  function addRefreshToken(token: PendingRefreshToken, scope: string): boolean {
    const { client, user, refusal } = ownersOf(token);
    const reason = user === null ? "has no user" : refusal;
    if (client === undefined || !user || reason !== null) {
      tally.note("refresh_tokens", "refused", token.name, reason ?? "");
      return false;
    }
    refreshTokens.push({
      token_hash: token.hash,
      client_id: client.clientId,
      user_id: user.id,
      scope,
      expires_at_ms: nowMs + (client.refreshIdleSeconds ?? refreshIdleSeconds) * 1000,
    });
    return true;
  }

  /** @returns whether it is to be written */
  function addAccessToken(token: DumpedAccessToken, name: string, refreshHash: string | null) {
    const { client, user, refusal } = ownersOf(token);
    const isExpired = token.expiresMs <= expiresAfterMs;
    const reason = isExpired ? "has expired, or will within a minute" : refusal;
    if (client === undefined || user === undefined || reason !== null) {
      tally.note("access_tokens", "refused", name, reason ?? "");
      return false;
    }
    accessTokens.push({
      token_hash: token.hash,
      refresh_token_hash: refreshHash,
      client_id: client.clientId,
      user_id: user?.id ?? null,
      scope: token.scope,
      issued_at_ms: token.createdMs === 0 ? nowMs : token.createdMs,
      expires_at_ms: token.expiresMs,
    });
    return true;
  }

  function noteScope(scope: string): void {
    for (const one of scope.split(" ")) {
      if (one !== "" && !scopes.includes(one)) lacking.set(one, (lacking.get(one) ?? 0) + 1);
    }
  }

  async function flush(): Promise<void> {
    const batch = { refreshTokens, accessTokens };
    if (refreshTokens.length + accessTokens.length === 0) return;
    refreshTokens = [];
    accessTokens = [];
    const added = await store.addTokens(batch);
    tally.add("refresh_tokens", "taken", added.refreshTokens);
    tally.add("refresh_tokens", "unchanged", batch.refreshTokens.length - added.refreshTokens);
    tally.add("access_tokens", "taken", added.accessTokens);
    tally.add("access_tokens", "unchanged", batch.accessTokens.length - added.accessTokens);
  }

  return {
    async add(record: DumpRecord): Promise<void> {
      const name = record.pk ?? "";
      const mapping = await mapAccessToken(record);
      const refreshToken = survey.refreshTokens.get(name);
      if (refreshToken !== undefined) met.add(name);
      if ("refusal" in mapping) {
        tally.note("access_tokens", "refused", name, mapping.refusal);
        if (refreshToken === undefined) return;
        const reason = `its access token: ${mapping.refusal}`;
        return tally.note("refresh_tokens", "refused", refreshToken.name, reason);
      }
      const token = mapping.value;
      const isRefreshed = refreshToken !== undefined && addRefreshToken(refreshToken, token.scope);
      const isLive = addAccessToken(token, name, isRefreshed ? refreshToken.hash : null);
      if (isRefreshed || isLive) noteScope(token.scope);
      if (accessTokens.length + refreshTokens.length >= TOKENS_PER_BATCH) await flush();
    },

    async end(): Promise<void> {
      await flush();
      for (const [accessToken, { name }] of survey.refreshTokens) {
        if (!met.has(accessToken)) tally.note("refresh_tokens", "refused", name, LACKS_SCOPE);
      }
      for (const [scope, count] of lacking) {
        tally.warn(`SCOPES lacks ${scope}, which ${count} of the logins and access tokens have`);
      }
    },
  };
}
