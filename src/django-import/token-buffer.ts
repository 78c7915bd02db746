import type {
  ImportedAccessTokenRow,
  ImportedRefreshTokenRow,
  ImportStore,
} from "../storage/import-store.ts";
import type { Tally } from "./report.ts";

/** Maximum rows of a table: with the longest scopes they stay below D1's limit of 2 MB. */
const ROWS_PER_BATCH = 500;

/** Collects tokens, writes them in batches, and counts the new ones. */
export function createTokenBuffer(store: ImportStore, tally: Tally) {
  let refreshTokens: ImportedRefreshTokenRow[] = [];
  let accessTokens: ImportedAccessTokenRow[] = [];

  return {
    addRefreshToken: (row: ImportedRefreshTokenRow) => void refreshTokens.push(row),
    addAccessToken: (row: ImportedAccessTokenRow) => void accessTokens.push(row),
    isFull: () => Math.max(refreshTokens.length, accessTokens.length) >= ROWS_PER_BATCH,

    async flush(): Promise<void> {
      const batch = { refreshTokens, accessTokens };
      if (refreshTokens.length + accessTokens.length === 0) return;
      refreshTokens = [];
      accessTokens = [];
      const added = await store.addTokens(batch);
      tally.add("refresh_tokens", "taken", added.refreshTokens);
      tally.add("refresh_tokens", "unchanged", batch.refreshTokens.length - added.refreshTokens);
      tally.add("access_tokens", "taken", added.accessTokens);
      tally.add("access_tokens", "unchanged", batch.accessTokens.length - added.accessTokens);
    },
  };
}
