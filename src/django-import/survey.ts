import type { ClientEntry } from "../admin/entries.ts";
import { invalid } from "../errors/management-error.ts";
import { createClientSurvey } from "./client-survey.ts";
import type { PkcePolicy } from "./code-fields.ts";
import {
  type DjangoModels,
  type DumpRecord,
  instantMs,
  isWithoutZone,
  parseDumpRecord,
} from "./dump-record.ts";
import { closedGateOf } from "./gates.ts";
import type { ImportDeps } from "./import-deps.ts";
import type { KnownClient, KnownUser } from "./known-accounts.ts";
import type { EmailVerified } from "./profiles.ts";
import type { ImportKind, Tally } from "./report.ts";
import { type DumpedRefreshToken, keptOut, mapRefreshToken } from "./tokens.ts";
import { createUnreadFields, knownFields, type UnreadField } from "./unread-fields.ts";
import { createUserSurvey } from "./user-survey.ts";

/**
 * The result of the first pass over a dump. Its size grows only with the users, clients and live
 * refresh tokens of the dump.
 */
export interface Survey {
  /** By primary key and by natural key. */
  readonly users: ReadonlyMap<string, KnownUser>;
  readonly clients: ReadonlyMap<string, KnownClient>;
  /** Clients to create; their `client_secret`, if any, must be hashed. */
  readonly newClients: readonly ClientEntry[];
  /** By the primary key of their access token, which has the scope. */
  readonly refreshTokens: ReadonlyMap<string, PendingRefreshToken>;
  /** Number of access tokens that have not expired. */
  readonly liveAccessTokens: number;
  /** Number of records by model. */
  readonly models: ReadonlyMap<string, number>;
}

/** A live refresh token, with its name in the report. */
export interface PendingRefreshToken extends DumpedRefreshToken {
  readonly name: string;
}

/** Options of {@link surveyDump}. */
export interface SurveyOptions {
  readonly models: DjangoModels;
  readonly withTokens: boolean;
  /** Whether to import accounts that were deleted here. */
  readonly restoresDeleted: boolean;
  readonly pkce: PkcePolicy;
  readonly emailVerified: EmailVerified;
  /** Access tokens that expire earlier are not imported. Milliseconds since the epoch. */
  readonly expiresAfterMs: number;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Makes the first pass: decides what to import, and writes nothing. */
export async function surveyDump(
  dump: AsyncIterable<unknown>,
  deps: ImportDeps,
  tally: Tally,
  options: SurveyOptions,
): Promise<Survey> {
  const { models, emailVerified, nowMs } = options;
  const users = createUserSurvey(deps, tally, options);
  const clients = createClientSurvey(deps, tally, options);
  const gates = (models.userGates ?? []).map(({ field }) => field);
  const ofEmail = typeof emailVerified === "boolean" ? [] : [emailVerified.field];
  const unread = createUnreadFields([models.usernameField, ...gates, ...ofEmail], nowMs);
  const tokens = createTokenSurvey(tally, options);
  const found = new Map<string, number>();
  for await (const record of readRecords(dump)) {
    found.set(record.model, (found.get(record.model) ?? 0) + 1);
    const kind = kindOf(record.model, models);
    if (kind === null) tally.ignore(record.model);
    else if (kind === "users") await users.add(record);
    else if (kind === "clients") clients.add(record);
    else if (!options.withTokens) tally.ignore(record.model);
    else await tokens.add(kind, record);
    if (kind !== null) unread.note(kind, record, nameOf(record, models));
  }
  const fields = unread.list();
  tally.unread(options.withTokens ? fields : fields.filter(({ kind }) => !isOfTokens(kind)));
  for (const field of fields) if (field.closed > 0) warnOf(field, tally);
  const knownUsers = await users.end(fields.filter(({ kind }) => kind === "users"));
  const { known, fresh } = await clients.end(knownUsers);
  return {
    users: knownUsers,
    clients: known,
    newClients: fresh,
    ...tokens.end(),
    models: found,
  };
}

/** Parses the rows of a dump. @throws ManagementError `invalid` at the first invalid row */
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

function kindOf(model: string, models: DjangoModels): ImportKind | null {
  if (model === models.user) return "users";
  if (model === models.application) return "clients";
  if (model === models.refreshToken) return "refresh_tokens";
  return model === models.accessToken ? "access_tokens" : null;
}

/** Warns about a field of clients or tokens; `user-gates.ts` handles users. */
function warnOf({ kind, field, closed, examples }: UnreadField, tally: Tally): void {
  if (kind === "users") return;
  const command = kind === "clients" ? "client disable" : "token revoke";
  const some = examples.join(", ") + (closed > examples.length ? ", ..." : "");
  tally.warn(
    `${field} may block ${closed} of the ${kind.replace("_", " ")} (${some}) on the old server, ` +
      `but is not read, so they are imported. If it does, use ${command}`,
  );
}

function isOfTokens(kind: ImportKind): boolean {
  return kind === "refresh_tokens" || kind === "access_tokens";
}

/** The name of a row in the report; never a token. */
function nameOf({ model, pk, fields }: DumpRecord, models: DjangoModels): string {
  const name = model === models.user ? fields[models.usernameField] : fields["client_id"];
  return typeof name === "string" && name !== "" ? name : `${pk}`;
}

function createTokenSurvey(tally: Tally, { nowMs, expiresAfterMs }: SurveyOptions) {
  const refreshTokens = new Map<string, PendingRefreshToken>();
  const known = knownFields("refresh_tokens");
  let [liveAccessTokens, withoutZone] = [0, 0];

  async function addRefreshToken(record: DumpRecord): Promise<void> {
    const name = record.pk ?? "";
    const gate = closedGateOf(record.fields, known, nowMs);
    const token = gate === null ? await mapRefreshToken(record) : { refusal: keptOut(gate) };
    if ("refusal" in token) tally.note("refresh_tokens", "refused", name, token.refusal);
    else refreshTokens.set(token.value.accessToken, { ...token.value, name });
  }

  return {
    async add(kind: ImportKind, record: DumpRecord): Promise<void> {
      if (kind === "refresh_tokens") return addRefreshToken(record);
      const { expires } = record.fields;
      if (isWithoutZone(expires)) withoutZone += 1;
      if ((instantMs(expires) ?? 0) > expiresAfterMs) liveAccessTokens += 1;
    },

    end() {
      if (withoutZone > 0) {
        tally.warn(
          `${withoutZone} times without a zone were read as UTC. If TIME_ZONE is east of UTC, ` +
            "these access tokens expire later here than on the old server: set USE_TZ before the " +
            "dump, or use --without-tokens",
        );
      }
      return { refreshTokens, liveAccessTokens };
    },
  };
}
