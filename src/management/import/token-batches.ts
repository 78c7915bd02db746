import type {
  ImportedAccessToken,
  ImportedRefreshToken,
  ImportStore,
} from "../../storage/import-store.ts";
import type { DumpRecord } from "./dump-record.ts";
import type { Tally } from "./report.ts";
import type { PendingRefreshToken, Survey } from "./survey.ts";
import { accessTokenRow, refreshTokenRow, type TokenOptions } from "./token-rows.ts";
import { LACKS_SCOPE, mapAccessToken } from "./tokens.ts";

/** Most tokens written at once: with the longest scopes they stay below the 2 MB that D1 takes. */
const TOKENS_PER_BATCH = 500;

/** Writes live tokens some hundred at a time: a refresh token together with its access token. */
export function createTokenBatches(
  survey: Survey,
  store: ImportStore,
  tally: Tally,
  options: TokenOptions,
) {
  const met = new Set<string>();
  const scopes = countScopes(tally, options.scopes);
  let refreshTokens: ImportedRefreshToken[] = [];
  let accessTokens: ImportedAccessToken[] = [];

  /** @returns its hash if it is to be written */
  function addRefreshToken(token: PendingRefreshToken, scope: string): string | null {
    const decided = refreshTokenRow(token, scope, survey, options);
    if ("row" in decided) refreshTokens.push(decided.row);
    else tally.note("refresh_tokens", "refused", token.name, decided.refusal);
    return "row" in decided ? token.hash : null;
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
        const reason = `its access token ${mapping.refusal}`;
        return tally.note("refresh_tokens", "refused", refreshToken.name, reason);
      }
      const { value: token } = mapping;
      const hash = refreshToken === undefined ? null : addRefreshToken(refreshToken, token.scope);
      const decided = accessTokenRow(token, hash, survey, options);
      if ("row" in decided) accessTokens.push(decided.row);
      else tally.note("access_tokens", "refused", name, decided.refusal);
      if (hash !== null || "row" in decided) scopes.count(token.scope);
      if (accessTokens.length + refreshTokens.length >= TOKENS_PER_BATCH) await flush();
    },

    async end(): Promise<void> {
      await flush();
      for (const [accessToken, { name }] of survey.refreshTokens) {
        if (!met.has(accessToken)) tally.note("refresh_tokens", "refused", name, LACKS_SCOPE);
      }
      scopes.end();
    },
  };
}

/** Counts the scopes of tokens that the service does not have. */
function countScopes(tally: Tally, known: readonly string[]) {
  const lacking = new Map<string, number>();
  return {
    count(scope: string): void {
      for (const name of scope.split(" ")) {
        if (name === "" || known.includes(name)) continue;
        lacking.set(name, (lacking.get(name) ?? 0) + 1);
      }
    },
    end(): void {
      for (const [name, count] of lacking) {
        tally.warn(`SCOPES lacks ${name}, which ${count} of the live logins and tokens have`);
      }
    },
  };
}
