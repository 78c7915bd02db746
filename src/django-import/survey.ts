import type { ClientEntry } from "../admin/entries.ts";
import { invalid } from "../errors/management-error.ts";
import { createClientSurvey } from "./client-survey.ts";
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
import type { ImportKind, Tally } from "./report.ts";
import { type DumpedRefreshToken, keptOut, mapRefreshToken } from "./tokens.ts";
import { createUnreadFields, knownFields, type UnreadField } from "./unread-fields.ts";
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
  /** Whether accounts that were deleted here come back. */
  readonly restoresDeleted: boolean;
  /** An access token that expires earlier is not worth having. Milliseconds since the epoch. */
  readonly expiresAfterMs: number;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Reads a dump once and decides what becomes of everyone in it; writes nothing. */
export async function surveyDump(
  dump: AsyncIterable<unknown>,
  deps: ImportDeps,
  tally: Tally,
  options: SurveyOptions,
): Promise<Survey> {
  const { models, nowMs } = options;
  const users = createUserSurvey(deps, tally, options);
  const clients = createClientSurvey(deps, tally, options);
  const gates = (models.userGates ?? []).map(({ field }) => field);
  const unread = createUnreadFields([models.usernameField, ...gates], nowMs);
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

function kindOf(model: string, models: DjangoModels): ImportKind | null {
  if (model === models.user) return "users";
  if (model === models.application) return "clients";
  if (model === models.refreshToken) return "refresh_tokens";
  return model === models.accessToken ? "access_tokens" : null;
}

/** The fields of users are for `user-gates.ts`. */
function warnOf({ kind, field, closed, examples }: UnreadField, tally: Tally): void {
  if (kind === "users") return;
  const cure = kind === "clients" ? "client disable" : "token revoke";
  const some = examples.join(", ") + (closed > examples.length ? ", ..." : "");
  tally.warn(
    `${field} may keep out ${closed} of the ${kind.replace("_", " ")} (${some}) there, ` +
      `and is not read: they come over. If it does, see ${cure}`,
  );
}

function isOfTokens(kind: ImportKind): boolean {
  return kind === "refresh_tokens" || kind === "access_tokens";
}

/** What the report calls a row: never a token. */
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
          `${withoutZone} times without a zone: taken for UTC. Where TIME_ZONE is east of it, ` +
            "those access tokens live longer here than there: set USE_TZ before the dump, or " +
            "give --without-tokens",
        );
      }
      return { refreshTokens, liveAccessTokens };
    },
  };
}
