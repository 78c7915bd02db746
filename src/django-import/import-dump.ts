import type { ClientEntry } from "../admin/entries.ts";
import { clientFieldsOf, NO_SECRETS } from "../admin/registry-rows.ts";
import { invalid } from "../errors/management-error.ts";
import { type PkcePolicy, warnOfPkce } from "./code-fields.ts";
import type { DjangoModels } from "./dump-record.ts";
import { createEndings } from "./endings.ts";
import type { ImportDeps } from "./import-deps.ts";
import { type IntrospectionOptions, nameIntrospectors } from "./introspection.ts";
import type { EmailVerified } from "./profiles.ts";
import { createTally, type ImportReport } from "./report.ts";
import { readRecords, type Survey, surveyDump } from "./survey.ts";
import { createTokenBatches } from "./token-batches.ts";
import { createUserBatches } from "./user-batches.ts";

/** Options of {@link importDump}. */
export interface ImportOptions extends IntrospectionOptions {
  readonly models: DjangoModels;
  readonly withTokens: boolean;
  /** Whether to import accounts that were deleted here; tokens from before stay invalid. */
  readonly restoresDeleted: boolean;
  readonly pkce: PkcePolicy;
  readonly emailVerified: EmailVerified;
  /** The setting IMPORTED_TOKENS: whether the service accepts imported tokens. */
  readonly acceptsTokens: boolean;
  /** Default for clients without their own value. */
  readonly refreshIdleSeconds: number;
  /** Lifetime of access tokens that the service issues. */
  readonly accessTokenSeconds: number;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Access tokens that expire sooner are not imported. */
const LIFE_LEFT_MS_MIN = 60_000;

/** Number of clients of one write. */
const CLIENTS_PER_BATCH = 200;

/**
 * Imports users, clients and live tokens of a DOT site. The dump is read twice, because its rows
 * are in any order: first to decide, then to write. Existing data stays unchanged, except that
 * tokens of an earlier import end if the old server has revoked them since.
 *
 * @param readDump reads the dump from the start
 * @throws ManagementError `invalid` when the dump is invalid; nothing is written then
 * @throws Unavailable when D1 fails; completed batches stay, and a second run adds the rest
 */
export async function importDump(
  readDump: () => AsyncIterable<unknown>,
  deps: ImportDeps,
  options: ImportOptions,
): Promise<ImportReport> {
  const { models, emailVerified, pkce, nowMs, refreshIdleSeconds, scopes } = options;
  const tally = createTally();
  const expiresAfterMs = nowMs + LIFE_LEFT_MS_MIN;
  const survey = await surveyDump(readDump(), deps, tally, {
    ...options,
    expiresAfterMs,
  });
  requireImportable(survey, options);
  const newClients = nameIntrospectors(survey.newClients, survey.clients.values(), options, tally);
  warnOfPkce(newClients, pkce, tally);
  const expiredRemoved = await deps.store.removeExpired();
  await addClients(newClients, deps);
  const users = createUserBatches(survey, deps.store, models.usernameField, {
    ...{ emailVerified, nowMs },
    gates: models.userGates ?? [],
  });
  const tokens = createTokenBatches(survey, deps.store, tally, {
    nowMs,
    expiresAfterMs,
    refreshIdleSeconds,
    scopes,
  });
  const endings = createEndings(survey, deps.store, nowMs);
  for await (const record of readRecords(readDump())) {
    if (record.model === models.user) await users.add(record);
    if (!options.withTokens) continue;
    if (record.model === models.accessToken) {
      await tokens.add(record);
      await endings.addAccessToken(record);
    }
    if (record.model === models.refreshToken) await endings.addRefreshToken(record);
  }
  await users.end();
  await tokens.end();
  for (const note of localTimeNotes(options)) tally.tell(note);
  return tally.report({ expiredRemoved, revokedEnded: await endings.end() });
}

/** The largest offset of a time zone east of UTC, in seconds. */
const EAST_SECONDS_MAX = 14 * 3600;

/** DOT's default lifetime of 36000 seconds hides the problem in most of Europe and Asia. */
function localTimeNotes({ accessTokenSeconds }: ImportOptions): string[] {
  if (accessTokenSeconds > EAST_SECONDS_MAX) return [];
  return [
    "an API that introspects with DOT before 2.4 reads `exp` as local time: if its TIME_ZONE is " +
      `${accessTokenSeconds} seconds (ACCESS_TOKEN_TTL_SECONDS) or more east of UTC, it treats ` +
      "every token as expired. Upgrade its DOT, set TIME_ZONE to UTC, or raise the setting",
  ];
}

function requireImportable(survey: Survey, { models, acceptsTokens }: ImportOptions): void {
  if (!survey.models.has(models.user)) {
    const counts = [...survey.models].map(([model, count]) => `${model} (${count})`);
    const found = counts.length === 0 ? "nothing" : counts.sort().join(", ");
    throw invalid(`the dump has no ${models.user}; see --user-model. It contains: ${found}`);
  }
  const tokens = survey.refreshTokens.size + survey.liveAccessTokens;
  if (tokens === 0 || acceptsTokens) return;
  throw invalid(
    `the dump has ${tokens} live tokens, but IMPORTED_TOKENS is off, so they would be rejected. ` +
      'Set IMPORTED_TOKENS = "on" in wrangler.toml and deploy, or use --without-tokens.',
  );
}

async function addClients(entries: readonly ClientEntry[], deps: ImportDeps): Promise<void> {
  for (let start = 0; start < entries.length; start += CLIENTS_PER_BATCH) {
    const batch = entries.slice(start, start + CLIENTS_PER_BATCH);
    await deps.store.addClients(await Promise.all(batch.map((entry) => clientOf(entry, deps))));
  }
}

async function clientOf(entry: ClientEntry, { clientSecrets }: ImportDeps) {
  const { client_secret: secret, secret_record: record = null } = entry;
  const secret_record = secret === undefined ? record : await clientSecrets.makeHash(secret);
  return { client_id: entry.client_id, ...NO_SECRETS, secret_record, ...clientFieldsOf(entry) };
}
