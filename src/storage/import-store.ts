import type { NewClientRow } from "../clients/client.ts";
import { COMMAND_DEADLINE_MS, callWithDeadline } from "../isolate.ts";
import { listSpellings, usernameKey } from "../protocol/usernames.ts";
import { insertImportEvent } from "./audit-events.ts";
import {
  type DeletedAccount,
  selectDeletedClients,
  selectDeletedUsers,
} from "./deleted-accounts.ts";
import {
  accessTokensToAdd,
  accessTokensToRemove,
  type Change,
  clientsToAdd,
  type ImportedAccessTokenRow,
  type ImportedRefreshTokenRow,
  type ImportedUser,
  refreshTokensToAdd,
  refreshTokensToEnd,
  usersToAdd,
} from "./import-sql.ts";
import type { UserRow } from "./users.ts";

export type {
  ImportedAccessTokenRow,
  ImportedRefreshTokenRow,
  ImportedUser,
} from "./import-sql.ts";

/** Tokens that are added in one transaction. */
interface ImportedTokens {
  readonly refreshTokens: readonly ImportedRefreshTokenRow[];
  /** Those whose refresh token was imported before the batch are skipped. */
  readonly accessTokens: readonly ImportedAccessTokenRow[];
}

/** What an import reads about an existing user. */
export type ExistingUser = Pick<
  UserRow,
  "id" | "username" | "is_active" | "not_before_ms" | "created_at_ms"
>;

/**
 * Adds rows in batches. Existing rows are not changed, except to end tokens. Each call is one
 * transaction, so an interrupted import can be repeated. All methods throw Unavailable when D1
 * fails.
 */
export interface ImportStore {
  /** @returns the users with one of these ids, or one of these names (ignoring case) */
  findUsers(ids: readonly string[], usernames: readonly string[]): Promise<ExistingUser[]>;
  /** @returns users with these ids or names who were deleted here */
  findDeletedUsers(
    ids: readonly string[],
    usernames: readonly string[],
  ): Promise<readonly DeletedAccount[]>;
  /** @returns clients with these ids that were deleted here */
  findDeletedClients(clientIds: readonly string[]): Promise<readonly DeletedAccount[]>;
  /** @returns the ids among these that clients have */
  findClientIds(ids: readonly string[]): Promise<readonly string[]>;
  /** @returns how many were new */
  addUsers(users: readonly ImportedUser[]): Promise<number>;
  /** @returns how many were new */
  addClients(clients: readonly NewClientRow[]): Promise<number>;
  /** @returns how many of each were new */
  addTokens(tokens: ImportedTokens): Promise<{ refreshTokens: number; accessTokens: number }>;
  /**
   * Ends imported tokens by hash: refresh tokens that were not used here, with their access tokens,
   * and access tokens.
   *
   * @returns the number of tokens
   */
  endTokens(hashes: readonly string[]): Promise<number>;
  /** Removes imported tokens that have expired and were not consumed. @returns their number */
  removeExpired(): Promise<number>;
}

const FIND_USERS =
  "SELECT id, username, is_active, not_before_ms, created_at_ms FROM users " +
  "WHERE id IN (SELECT value FROM json_each(?1)) UNION " +
  "SELECT id, username, is_active, not_before_ms, created_at_ms FROM users " +
  "WHERE username IN (SELECT value FROM json_each(?2)) UNION " +
  "SELECT id, username, is_active, not_before_ms, created_at_ms FROM users " +
  "WHERE username_key IN (SELECT value FROM json_each(?3))";

const FIND_CLIENT_IDS =
  "SELECT client_id FROM clients WHERE client_id IN (SELECT value FROM json_each(?))";

/** Keeps consumed refresh tokens: imported again, they would become valid again. */
const REMOVE_REFRESH_TOKENS =
  "DELETE FROM imported_refresh_tokens " +
  "WHERE is_consumed = 0 AND expires_at_ms <= CAST(unixepoch('subsec') * 1000 AS INTEGER)";

const REMOVE_ACCESS_TOKENS =
  "DELETE FROM imported_access_tokens " +
  "WHERE expires_at_ms <= CAST(unixepoch('subsec') * 1000 AS INTEGER)";

function selectUsers(
  db: D1Database,
  ids: readonly string[],
  usernames: readonly string[],
): D1PreparedStatement {
  const lists = [ids, usernames.flatMap(listSpellings), usernames.map(usernameKey)];
  return db.prepare(FIND_USERS).bind(...lists.map((list) => JSON.stringify(list)));
}

type Finders = Pick<
  ImportStore,
  "findUsers" | "findDeletedUsers" | "findDeletedClients" | "findClientIds"
>;

function createFinders(db: D1Database): Finders {
  async function find<Row>(statement: D1PreparedStatement): Promise<Row[]> {
    const run = () => statement.all<Row>();
    return (await callWithDeadline("d1.find_imported_accounts", run, COMMAND_DEADLINE_MS)).results;
  }

  return {
    findUsers: (ids, usernames) => find(selectUsers(db, ids, usernames)),
    findDeletedUsers: (ids, usernames) => find(selectDeletedUsers(db, ids, usernames)),
    findDeletedClients: (clientIds) => find(selectDeletedClients(db, clientIds)),
    async findClientIds(ids) {
      const statement = db.prepare(FIND_CLIENT_IDS).bind(JSON.stringify(ids));
      return (await find<{ client_id: string }>(statement)).map(({ client_id: id }) => id);
    },
  };
}

/**
 * Builds the {@link ImportStore} over D1.
 *
 * @param isDryRun only counts changes
 */
export function createImportStore(db: D1Database, isDryRun: boolean): ImportStore {
  // One event per import, in the transaction of its first change.
  let isAudited = false;

  async function run(operation: string, changes: readonly Change[]): Promise<number[]> {
    if (isDryRun || !isAudited) {
      const counts = await countRows(changes.map(({ count }) => count));
      if (isDryRun || counts.every((count) => count === 0)) return counts;
    }
    const statements = changes.map(({ make }) => make);
    statements.push(...changes.flatMap(({ after = [] }) => after));
    if (!isAudited) statements.push(insertImportEvent(db));
    const results = await batch(operation, statements);
    isAudited = true;
    return results.slice(0, changes.length).map(({ meta }) => meta.changes);
  }

  async function countRows(statements: D1PreparedStatement[]): Promise<number[]> {
    const results = await batch<{ rows: number }>("d1.count_import", statements);
    return results.map((result) => result.results[0]?.rows ?? 0);
  }

  function batch<Row>(operation: string, statements: D1PreparedStatement[]) {
    return callWithDeadline(operation, () => db.batch<Row>(statements), COMMAND_DEADLINE_MS);
  }

  return {
    ...createFinders(db),

    async addUsers(rows) {
      return (await run("d1.import_users", [usersToAdd(db, rows)]))[0] ?? 0;
    },

    async addClients(rows) {
      return (await run("d1.import_clients", [clientsToAdd(db, rows)]))[0] ?? 0;
    },

    async addTokens(tokens) {
      // Access tokens first: they are added only if their refresh token is new.
      const additions = [
        accessTokensToAdd(db, tokens.accessTokens),
        refreshTokensToAdd(db, tokens.refreshTokens),
      ];
      const [ofAccess = 0, ofRefresh = 0] = await run("d1.import_tokens", additions);
      return { accessTokens: ofAccess, refreshTokens: ofRefresh };
    },

    async endTokens(hashes) {
      const changes = [refreshTokensToEnd(db, hashes), accessTokensToRemove(db, hashes)];
      const counts = await run("d1.end_imported_tokens", changes);
      return counts.reduce((sum, count) => sum + count, 0);
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
