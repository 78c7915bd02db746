import type { ClientEntry } from "../entries.ts";
import { invalid } from "../management-error.ts";
import { createClientSurvey } from "./client-survey.ts";
import {
  type DjangoModels,
  type DumpRecord,
  instantMs,
  isWithoutZone,
  parseDumpRecord,
} from "./dump-record.ts";
import type { ImportTools } from "./import-tools.ts";
import type { KnownClient, KnownUser } from "./known-accounts.ts";
import type { Tally } from "./report.ts";
import { type DumpedRefreshToken, mapRefreshToken } from "./tokens.ts";
import { createUserSurvey } from "./user-survey.ts";

/**
 * What the first reading of a dump finds. It grows with the users, clients and live refresh tokens
 * of the dump, and with nothing else.
 */
export interface Survey {
  /** By primary key, and by what stands for it with `--natural-foreign`. */
  readonly users: ReadonlyMap<string, KnownUser>;
  readonly clients: ReadonlyMap<string, KnownClient>;
  /** Clients that are not here yet; a `client_secret` of theirs is to be hashed. */
  readonly newClients: readonly ClientEntry[];
  /** By the primary key of the access token that has their scope. */
  readonly refreshTokens: ReadonlyMap<string, PendingRefreshToken>;
  /** How many access tokens have not expired. */
  readonly liveAccessTokens: number;
  /** How many records there are of each model. */
  readonly models: ReadonlyMap<string, number>;
}

/** A live refresh token, and what the report calls it. */
export interface PendingRefreshToken extends DumpedRefreshToken {
  readonly name: string;
}

/** What is read, and what of it is brought over. */
export interface SurveyOptions {
  readonly models: DjangoModels;
  readonly withTokens: boolean;
  /** An access token that expires earlier is not worth having. Milliseconds since the epoch. */
  readonly expiresAfterMs: number;
}

/** Reads a dump once and decides what becomes of everyone in it; writes nothing. */
export async function surveyDump(
  dump: AsyncIterable<unknown>,
  tools: ImportTools,
  tally: Tally,
  options: SurveyOptions,
): Promise<Survey> {
  const { models } = options;
  const users = createUserSurvey(tools, tally, models);
  const clients = createClientSurvey(tools.registry, tally);
  const tokens = createTokenSurvey(tally, options);
  const found = new Map<string, number>();
  for await (const record of readRecords(dump)) {
    found.set(record.model, (found.get(record.model) ?? 0) + 1);
    if (record.model === models.user) await users.add(record);
    else if (record.model === models.application) clients.add(record);
    else if (record.model === models.refreshToken) await tokens.addRefreshToken(record);
    else if (record.model === models.accessToken) tokens.addAccessToken(record);
    else tally.ignore(record.model);
  }
  const knownUsers = await users.end();
  const { known, fresh } = await clients.end();
  return {
    users: knownUsers,
    clients: known,
    newClients: fresh,
    ...tokens.end(),
    models: found,
  };
}

/** Reads the rows of a dump. @throws ManagementError `invalid` at the first value that is none */
export async function* readRecords(dump: AsyncIterable<unknown>): AsyncGenerator<DumpRecord> {
  let number = 0;
  for await (const value of dump) {
    number += 1;
    const record = parseDumpRecord(value);
    if (record === null) {
      throw invalid(`record ${number} is not a row of manage.py dumpdata`);
    }
    yield record;
  }
}

function createTokenSurvey(tally: Tally, options: SurveyOptions) {
  const refreshTokens = new Map<string, PendingRefreshToken>();
  let [liveAccessTokens, withoutZone] = [0, 0];

  return {
    async addRefreshToken(record: DumpRecord): Promise<void> {
      if (!options.withTokens) return tally.ignore(record.model);
      const name = record.pk ?? "";
      const token = await mapRefreshToken(record);
      if ("refusal" in token) tally.note("refresh_tokens", "refused", name, token.refusal);
      else refreshTokens.set(token.value.accessToken, { ...token.value, name });
    },

    addAccessToken({ model, fields }: DumpRecord): void {
      if (!options.withTokens) {
        tally.ignore(model);
        return;
      }
      if (isWithoutZone(fields["expires"])) withoutZone += 1;
      const expiresMs = instantMs(fields["expires"]) ?? 0;
      if (expiresMs > options.expiresAfterMs) liveAccessTokens += 1;
    },

    end() {
      if (withoutZone > 0) tally.warn(`${withoutZone} times without a zone: taken for UTC`);
      return { refreshTokens, liveAccessTokens };
    },
  };
}
