import type { ClientEntry } from "../admin/entries.ts";
import { clientFieldsOf } from "../admin/registry-rows.ts";
import { invalid } from "../errors/management-error.ts";
import type { DjangoModels } from "./dump-record.ts";
import { createEndings } from "./endings.ts";
import type { ImportDeps } from "./import-deps.ts";
import { type IntrospectionOptions, nameIntrospectors } from "./introspection.ts";
import { createTally, type ImportReport } from "./report.ts";
import { readRecords, type Survey, surveyDump } from "./survey.ts";
import { createTokenBatches } from "./token-batches.ts";
import { createUserBatches } from "./user-batches.ts";

/** What is brought over, and when. */
export interface ImportOptions extends IntrospectionOptions {
  readonly models: DjangoModels;
  readonly withTokens: boolean;
  /** Whether accounts that were deleted here come back; what they had issued does not. */
  readonly restoresDeleted: boolean;
  /** Whether the service looks imported tokens up: the setting IMPORTED_TOKENS. */
  readonly areTokensGood: boolean;
  /** For clients that set none of their own. */
  readonly refreshIdleSeconds: number;
  /** How long access tokens live that the service issues. */
  readonly accessTokenSeconds: number;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** An access token with less life left is not worth having. */
const LIFE_LEFT_MS_MIN = 60_000;

/** How many clients are written at once. */
const CLIENTS_PER_BATCH = 200;

/**
 * Brings users, clients and live tokens of a DOT site over. The dump is read twice, since its rows
 * come in any order: first to decide, then to write. Whatever is here already stays as it is,
 * except that a token of an earlier import ends which was revoked there since.
 *
 * @param readDump starts to read it from its beginning
 * @throws ManagementError `invalid` when it is not what it should be; nothing is written then
 * @throws Unavailable when D1 fails; what is written then is whole, and a second run adds the rest
 */
export async function importDump(
  readDump: () => AsyncIterable<unknown>,
  deps: ImportDeps,
  options: ImportOptions,
): Promise<ImportReport> {
  const { models, withTokens, restoresDeleted, nowMs, refreshIdleSeconds, scopes } = options;
  const tally = createTally();
  const expiresAfterMs = nowMs + LIFE_LEFT_MS_MIN;
  const survey = await surveyDump(readDump(), deps, tally, {
    ...{ models, withTokens, restoresDeleted, expiresAfterMs, nowMs },
  });
  refuseOdd(survey, options);
  const newClients = nameIntrospectors(survey.newClients, options, tally);
  const expiredRemoved = await deps.store.removeExpired();
  await addClients(newClients, deps);
  const users = createUserBatches(survey, deps.store, models.usernameField, {
    gates: models.userGates ?? [],
    nowMs,
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
    if (!withTokens) continue;
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

/** How far east of UTC clocks are set, in seconds. */
const EAST_SECONDS_MAX = 14 * 3600;

/** DOT's default lifetime of 36000 seconds hides it from most of Europe and Asia. */
function localTimeNotes({ accessTokenSeconds }: ImportOptions): string[] {
  if (accessTokenSeconds > EAST_SECONDS_MAX) return [];
  return [
    "an API that introspects by DOT before 2.4 reads `exp` as local time: where its TIME_ZONE is " +
      `east of UTC by ${accessTokenSeconds} seconds (ACCESS_TOKEN_TTL_SECONDS) or more, it takes ` +
      "every token for expired. Upgrade DOT there, set TIME_ZONE to UTC, or raise the setting",
  ];
}

function refuseOdd(survey: Survey, { models, areTokensGood }: ImportOptions): void {
  if (!survey.models.has(models.user)) {
    const counts = [...survey.models].map(([model, count]) => `${model} (${count})`);
    const found = counts.length === 0 ? "nothing at all" : counts.sort().join(", ");
    throw invalid(`there is no ${models.user} in it; see --user-model. It has: ${found}`);
  }
  const tokens = survey.refreshTokens.size + survey.liveAccessTokens;
  if (tokens === 0 || areTokensGood) return;
  throw invalid(
    `there are ${tokens} live tokens in it, and IMPORTED_TOKENS is off: none would be good here. ` +
      'Set IMPORTED_TOKENS = "on" in wrangler.toml and deploy, or give --without-tokens.',
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
  const { client_name, token_endpoint_auth_method, grant_types, scope, default_scope } =
    clientFieldsOf(entry);
  const { allowed_origins, jwks, disabled } = clientFieldsOf(entry);
  return {
    client_id: entry.client_id,
    client_name,
    token_endpoint_auth_method,
    secret_record,
    grant_types,
    scope,
    default_scope,
    allowed_origins,
    jwks,
    disabled,
  };
}
