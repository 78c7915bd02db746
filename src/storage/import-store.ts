import type { UserRow } from "./account-rows.ts";
import { attempt } from "./attempt.ts";
import { auditOfImport } from "./audit-events.ts";

/** A user to be added, with Django's primary key as the id. */
export interface ImportedUser {
  readonly id: string;
  readonly username: string;
  readonly password_record: string;
  readonly is_active: 0 | 1;
}

/** A client to be added. */
export interface ImportedClient {
  readonly client_id: string;
  readonly client_name: string;
  readonly token_endpoint_auth_method: string;
  readonly secret_record: string | null;
  readonly grant_types: string;
  readonly allowed_origins: string;
}

/** A row of `imported_refresh_tokens` to be added. */
export interface ImportedRefreshToken {
  readonly token_hash: string;
  readonly client_id: string;
  readonly user_id: string;
  readonly scope: string;
  readonly expires_at_ms: number;
}

/** A row of `imported_access_tokens` to be added. */
export interface ImportedAccessToken {
  readonly token_hash: string;
  readonly refresh_token_hash: string | null;
  readonly client_id: string;
  readonly user_id: string | null;
  readonly scope: string;
  readonly issued_at_ms: number;
  readonly expires_at_ms: number;
}

/** Tokens that are added together or not at all. */
export interface ImportedTokens {
  readonly refreshTokens: readonly ImportedRefreshToken[];
  /** One whose refresh token was here before the batch is left out: it ended with that. */
  readonly accessTokens: readonly ImportedAccessToken[];
}

/** What an import asks of a user who is here already. */
export type StandingUser = Omit<UserRow, "password_record" | "claims">;

/**
 * Adds rows by the hundred, and leaves alone what is there. Each call is one transaction, so that
 * an import that breaks off can be run again. Every method throws Unavailable when D1 fails.
 */
export interface ImportStore {
  /** @returns the users that have one of these ids, or one of these names */
  findUsers(ids: readonly string[], usernames: readonly string[]): Promise<StandingUser[]>;
  /** @returns how many were not there yet */
  addUsers(users: readonly ImportedUser[]): Promise<number>;
  /** @returns how many were not there yet */
  addClients(clients: readonly ImportedClient[]): Promise<number>;
  /** @returns how many of each were not there yet */
  addTokens(tokens: ImportedTokens): Promise<{ refreshTokens: number; accessTokens: number }>;
  /** Removes imported tokens that have expired and were not consumed. @returns how many */
  removeExpired(): Promise<number>;
}

/** How long a command waits for D1, in milliseconds. */
const COMMAND_DEADLINE_MS = 120_000;

// Each takes all its rows as one parameter: D1 binds a hundred and no more. `WHERE true` tells
// SQLite that ON CONFLICT is not of a join. Sessions of before the import live: not_before_ms is 0.
const FIND_USERS =
  "SELECT id, username, is_active, not_before_ms, created_at_ms FROM users " +
  "WHERE id IN (SELECT value FROM json_each(?1)) UNION " +
  "SELECT id, username, is_active, not_before_ms, created_at_ms FROM users " +
  "WHERE username IN (SELECT value FROM json_each(?2))";

const ADD_USERS =
  "INSERT INTO users (id, username, password_record, is_active, not_before_ms) " +
  "SELECT value ->> 'id', value ->> 'username', value ->> 'password_record', " +
  "value ->> 'is_active', 0 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING";

const NEW_USERS =
  "SELECT count(*) AS rows FROM json_each(?) AS new WHERE NOT EXISTS " +
  "(SELECT 1 FROM users WHERE id = new.value ->> 'id' OR username = new.value ->> 'username')";

const ADD_CLIENTS =
  "INSERT INTO clients (client_id, client_name, token_endpoint_auth_method, secret_record, " +
  "grant_types, allowed_origins, not_before_ms) " +
  "SELECT value ->> 'client_id', value ->> 'client_name', " +
  "value ->> 'token_endpoint_auth_method', value ->> 'secret_record', value ->> 'grant_types', " +
  "value ->> 'allowed_origins', 0 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING";

const NEW_CLIENTS =
  "SELECT count(*) AS rows FROM json_each(?) AS new WHERE NOT EXISTS " +
  "(SELECT 1 FROM clients WHERE client_id = new.value ->> 'client_id')";

const ADD_REFRESH_TOKENS =
  "INSERT INTO imported_refresh_tokens (token_hash, client_id, user_id, scope, expires_at_ms) " +
  "SELECT value ->> 'token_hash', value ->> 'client_id', value ->> 'user_id', value ->> 'scope', " +
  "value ->> 'expires_at_ms' FROM json_each(?) WHERE true ON CONFLICT DO NOTHING";

const NEW_REFRESH_TOKENS =
  "SELECT count(*) AS rows FROM json_each(?) AS new WHERE NOT EXISTS " +
  "(SELECT 1 FROM imported_refresh_tokens WHERE token_hash = new.value ->> 'token_hash')";

/** What is not to come back: what was consumed, or revoked here, since it was first imported. */
const ACCESS_TOKEN_IS_NEW =
  "NOT EXISTS (SELECT 1 FROM imported_refresh_tokens " +
  "WHERE token_hash = new.value ->> 'refresh_token_hash') " +
  "AND NOT EXISTS (SELECT 1 FROM revoked_access_tokens " +
  "WHERE nonce = new.value ->> 'token_hash')";

const ADD_ACCESS_TOKENS =
  "INSERT INTO imported_access_tokens (token_hash, refresh_token_hash, client_id, user_id, " +
  "scope, issued_at_ms, expires_at_ms) " +
  "SELECT new.value ->> 'token_hash', new.value ->> 'refresh_token_hash', " +
  "new.value ->> 'client_id', new.value ->> 'user_id', new.value ->> 'scope', " +
  "new.value ->> 'issued_at_ms', new.value ->> 'expires_at_ms' FROM json_each(?) AS new WHERE " +
  ACCESS_TOKEN_IS_NEW +
  " ON CONFLICT DO NOTHING";

const NEW_ACCESS_TOKENS =
  "SELECT count(*) AS rows FROM json_each(?) AS new WHERE " +
  ACCESS_TOKEN_IS_NEW +
  " AND NOT EXISTS (SELECT 1 FROM imported_access_tokens " +
  "WHERE token_hash = new.value ->> 'token_hash')";

/** A consumed refresh token stays: brought in once more, it would be good once more. */
const REMOVE_REFRESH_TOKENS =
  "DELETE FROM imported_refresh_tokens " +
  "WHERE is_consumed = 0 AND expires_at_ms <= CAST(unixepoch('subsec') * 1000 AS INTEGER)";

const REMOVE_ACCESS_TOKENS =
  "DELETE FROM imported_access_tokens " +
  "WHERE expires_at_ms <= CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/** The rows for one table: what adds them, and what says how many it would add. */
interface Addition {
  readonly add: D1PreparedStatement;
  readonly count: D1PreparedStatement;
}

/** Builds the {@link ImportStore} over D1. @param isDryRun counts what it would add, and adds nothing */
export function createImportStore(db: D1Database, isDryRun: boolean): ImportStore {
  // One event for the run, in the transaction of its first change.
  let isNoted = false;

  async function run(operation: string, additions: readonly Addition[]): Promise<number[]> {
    if (isDryRun || !isNoted) {
      const counts = await countRows(additions.map(({ count }) => count));
      if (isDryRun || counts.every((count) => count === 0)) return counts;
    }
    const statements = additions.map(({ add }) => add);
    if (!isNoted) statements.push(auditOfImport(db));
    const results = await batch(operation, statements);
    isNoted = true;
    return results.slice(0, additions.length).map(({ meta }) => meta.changes);
  }

  async function countRows(statements: D1PreparedStatement[]): Promise<number[]> {
    const results = await batch<{ rows: number }>("d1.count_import", statements);
    return results.map((result) => result.results[0]?.rows ?? 0);
  }

  function batch<Row>(operation: string, statements: D1PreparedStatement[]) {
    return attempt(operation, () => db.batch<Row>(statements), COMMAND_DEADLINE_MS);
  }

  function users(rows: readonly ImportedUser[]): Addition {
    const json = JSON.stringify(rows);
    return { add: db.prepare(ADD_USERS).bind(json), count: db.prepare(NEW_USERS).bind(json) };
  }

  function clients(rows: readonly ImportedClient[]): Addition {
    const json = JSON.stringify(rows);
    return { add: db.prepare(ADD_CLIENTS).bind(json), count: db.prepare(NEW_CLIENTS).bind(json) };
  }

  function refreshTokens(rows: readonly ImportedRefreshToken[]): Addition {
    const json = JSON.stringify(rows);
    const count = db.prepare(NEW_REFRESH_TOKENS).bind(json);
    return { add: db.prepare(ADD_REFRESH_TOKENS).bind(json), count };
  }

  function accessTokens(rows: readonly ImportedAccessToken[]): Addition {
    const json = JSON.stringify(rows);
    const count = db.prepare(NEW_ACCESS_TOKENS).bind(json);
    return { add: db.prepare(ADD_ACCESS_TOKENS).bind(json), count };
  }

  return {
    async findUsers(ids, usernames) {
      const [idList, nameList] = [JSON.stringify(ids), JSON.stringify(usernames)];
      const statement = db.prepare(FIND_USERS).bind(idList, nameList);
      const find = () => statement.all<StandingUser>();
      return (await attempt("d1.find_imported_users", find, COMMAND_DEADLINE_MS)).results;
    },

    async addUsers(rows) {
      return (await run("d1.import_users", [users(rows)]))[0] ?? 0;
    },

    async addClients(rows) {
      return (await run("d1.import_clients", [clients(rows)]))[0] ?? 0;
    },

    async addTokens(tokens) {
      // Access tokens first: theirs are the refresh tokens that are not there yet.
      const additions = [accessTokens(tokens.accessTokens), refreshTokens(tokens.refreshTokens)];
      const [ofAccess = 0, ofRefresh = 0] = await run("d1.import_tokens", additions);
      return { accessTokens: ofAccess, refreshTokens: ofRefresh };
    },

    async removeExpired() {
      if (isDryRun) return 0;
      const results = await batch("d1.remove_expired_imports", [
        db.prepare(REMOVE_ACCESS_TOKENS),
        db.prepare(REMOVE_REFRESH_TOKENS),
      ]);
      return results.reduce((count, { meta }) => count + meta.changes, 0);
    },
  };
}
