import { OPENID_SCOPES } from "../protocol/names.ts";
import type { ImportStore } from "../storage/import-store.ts";
import type { DumpRecord } from "./dump-record.ts";
import { closedGateOf } from "./gates.ts";
import type { Tally } from "./report.ts";
import type { PendingRefreshToken, Survey } from "./survey.ts";
import { createTokenBuffer } from "./token-buffer.ts";
import { accessTokenRow, refreshTokenRow, type TokenOptions } from "./token-rows.ts";
import {
  type DumpedAccessToken,
  hashOf,
  keptOut,
  LACKS_SCOPE,
  LACKS_TOKEN,
  mapAccessToken,
} from "./tokens.ts";
import { knownFields } from "./unread-fields.ts";

/** Writes live tokens in batches, each refresh token together with its access token. */
export function createTokenBatches(
  survey: Survey,
  store: ImportStore,
  tally: Tally,
  options: TokenOptions,
) {
  const met = new Set<string>();
  const known = knownFields("access_tokens");
  const scopes = countScopes(tally, options.scopes);
  const buffer = createTokenBuffer(store, tally);

  /** @returns its hash, or null when it is rejected */
  function addRefreshToken(token: PendingRefreshToken, scope: string): string | null {
    const decided = refreshTokenRow(token, scope, survey, options);
    if ("row" in decided) buffer.addRefreshToken(decided.row);
    else tally.note("refresh_tokens", "refused", token.name, decided.refusal);
    return "row" in decided ? token.hash : null;
  }

  /** @returns whether it is imported */
  async function addAccessToken(
    { pk, fields }: DumpRecord,
    token: DumpedAccessToken,
    refreshTokenHash: string | null,
  ): Promise<boolean> {
    // Do not hash expired tokens: there may be millions.
    const isExpired = token.expiresMs <= options.expiresAfterMs;
    const gate = isExpired ? null : closedGateOf(fields, known, options.nowMs);
    const hash = isExpired || gate !== null ? null : await hashOf(fields);
    const reason = isExpired ? "expired, or expires within a minute" : LACKS_TOKEN;
    const decided =
      hash === null
        ? { refusal: gate === null ? reason : keptOut(gate) }
        : accessTokenRow(token, { hash, refreshTokenHash }, survey, options);
    if ("row" in decided) buffer.addAccessToken(decided.row);
    else tally.note("access_tokens", "refused", pk ?? "", decided.refusal);
    return "row" in decided;
  }

  return {
    async add(record: DumpRecord): Promise<void> {
      const name = record.pk ?? "";
      const mapping = mapAccessToken(record);
      const refreshToken = survey.refreshTokens.get(name);
      if (refreshToken !== undefined) met.add(name);
      if ("refusal" in mapping) {
        tally.note("access_tokens", "refused", name, mapping.refusal);
        if (refreshToken === undefined) return;
        const reason = `its access token: ${mapping.refusal}`;
        return tally.note("refresh_tokens", "refused", refreshToken.name, reason);
      }
      const { value: token } = mapping;
      const refreshTokenHash =
        refreshToken === undefined ? null : addRefreshToken(refreshToken, token.scope);
      const isLive = await addAccessToken(record, token, refreshTokenHash);
      if (isLive || refreshTokenHash !== null) scopes.count(token.scope);
      if (buffer.isFull()) await buffer.flush();
    },

    async end(): Promise<void> {
      await buffer.flush();
      for (const [accessToken, { name }] of survey.refreshTokens) {
        if (!met.has(accessToken)) tally.note("refresh_tokens", "refused", name, LACKS_SCOPE);
      }
      scopes.end();
    },
  };
}

/** Counts scopes of tokens that are not in SCOPES. */
function countScopes(tally: Tally, known: readonly string[]) {
  const lacking = new Map<string, number>();
  return {
    count(scope: string): void {
      for (const name of scope.split(" ")) {
        if (name === "" || known.includes(name) || OPENID_SCOPES.includes(name)) continue;
        lacking.set(name, (lacking.get(name) ?? 0) + 1);
      }
    },
    end(): void {
      for (const [name, count] of lacking) {
        tally.warn(
          `SCOPES does not contain ${name}, which ${count} of the live sessions and tokens have`,
        );
      }
    },
  };
}
