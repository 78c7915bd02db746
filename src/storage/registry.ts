import type { ClientRow } from "../clients/client.ts";
import { Unavailable } from "../errors/refusal.ts";
import { COMMAND_DEADLINE_MS, callWithDeadline } from "../isolate.ts";
import {
  listSpellings,
  normalizeUsername,
  rowsByName,
  type UsernameMode,
  usernameKey,
} from "../protocol/usernames.ts";
import { COMMAND, insertAuditEvents } from "./audit-events.ts";
import {
  type BrowserSessionReference,
  type BrowserSessionRow,
  selectBrowserSession,
  selectBrowserSessions,
} from "./browser-sessions.ts";
import { originUpdates } from "./client-origins.ts";
import { type NamedConsentRow, selectConsents } from "./consents.ts";
import { type LogoutDeliveryRow, selectLogoutDeliveries } from "./logout-deliveries.ts";
import { buildStatements, isConflict } from "./registry-sql.ts";
import type { RegistryWrite } from "./registry-writes.ts";
import { type ResourceRow, selectResource, selectResources } from "./resources.ts";
import { type AnnounceEnd, reportedClients } from "./session-clients.ts";
import {
  type SessionReference,
  type SessionRow,
  selectSession,
  selectSessions,
} from "./session-rows.ts";
import type { UserRow } from "./users.ts";

export type { UserColumns } from "./registry-inserts.ts";
export { canShareStatements } from "./registry-sql.ts";
export type { RegistryWrite } from "./registry-writes.ts";

/** Which rows of a table to read, in the order of their keys. */
export interface PageRange {
  /** The last key of the previous page; empty: from the start. */
  readonly after: string;
  /** Most rows. */
  readonly limit: number;
}

/**
 * Clients, users and resources for management: rows to compare, and writes in one transaction.
 * Methods throw Unavailable when D1 fails.
 */
export interface Registry {
  /** @returns the rows that exist, by id */
  findClients(clientIds: readonly string[]): Promise<ReadonlyMap<string, ClientRow>>;
  /** User names with the same key belong to the same user. */
  nameKeyOf(username: string): string;
  /** @returns the rows that exist, by the requested name */
  findUsers(usernames: readonly string[]): Promise<ReadonlyMap<string, UserRow>>;
  /** @returns the rows that exist, by id */
  findUsersById(ids: readonly string[]): Promise<ReadonlyMap<string, UserRow>>;
  /** Reads clients by id, one page. */
  listClients(page: PageRange): Promise<readonly ClientRow[]>;
  /** Reads users by name, one page. */
  listUsers(page: PageRange): Promise<readonly UserRow[]>;
  /** Reads the live sessions of a user by id, one page. */
  listSessions(userId: string, page: PageRange): Promise<readonly SessionRow[]>;
  /** @returns a session of that user, ended or not, or null if there is none */
  findSession(session: SessionReference): Promise<SessionRow | null>;
  /** Reads the live browser sessions of a user by id, one page. */
  listBrowserSessions(userId: string, page: PageRange): Promise<readonly BrowserSessionRow[]>;
  /** @returns a browser session of that user, ended or not, or null if there is none */
  findBrowserSession(session: BrowserSessionReference): Promise<BrowserSessionRow | null>;
  /** Reads the logouts that a client is told of, the latest first, one page. */
  listLogouts(clientId: string, page: PageRange): Promise<readonly LogoutDeliveryRow[]>;
  /** Reads what a user allows, by client, one page. */
  listConsents(userId: string, page: PageRange): Promise<readonly NamedConsentRow[]>;
  /** Reads the APIs for which every client may request tokens by URI, one page. */
  listResources(page: PageRange): Promise<readonly ResourceRow[]>;
  /** @returns a resource, however its origin is spelled, or null if there is none */
  findResource(uri: string): Promise<ResourceRow | null>;
  /**
   * Applies writes in one transaction.
   *
   * @throws RegistryConflict if a row exists already, is missing, or is not as expected
   */
  write(writes: readonly RegistryWrite[]): Promise<void>;
  /** @returns the same registry with this actor in its audit events */
  as(actor: string): Registry;
}

/** A row was changed, added or removed in the meantime. Nothing was written. */
export class RegistryConflict extends Error {
  override readonly name = "RegistryConflict";
}

type Table = "clients" | "users";
type Key = "client_id" | "username" | "username_key" | "id";

/** Most rows that one statement reads: far below D1's limit for a response. */
const NAMES_MAX = 1000;

/**
 * Builds the {@link Registry} over D1.
 *
 * @example
 * const rows = await createRegistry(db).findClients(["shop"]);
 *
 * @param mode how user names are compared
 * @param deadlineMs shorter than the default for requests
 * @param actor who makes the changes, for audit events
 * @param announce default: the sweep finds who is to be told of an end
 */
export function createRegistry(
  db: D1Database,
  mode: UsernameMode = "exact",
  deadlineMs = COMMAND_DEADLINE_MS,
  actor = COMMAND,
  announce: AnnounceEnd = () => undefined,
): Registry {
  async function findRows<Row>(table: Table, key: Key, names: readonly string[]): Promise<Row[]> {
    const rows: Row[] = [];
    for (const statement of buildSelections(db, table, key, names)) {
      const find = () => statement.all<Row>();
      rows.push(...(await callWithDeadline(`d1.find_${table}`, find, deadlineMs)).results);
    }
    return rows;
  }

  async function listRows<Row>(operation: string, query: string, page: PageRange): Promise<Row[]> {
    const statement = db.prepare(query).bind(page.after, page.limit);
    return (await callWithDeadline(operation, () => statement.all<Row>(), deadlineMs)).results;
  }

  return {
    as: (other) => createRegistry(db, mode, deadlineMs, other, announce),
    async findClients(clientIds) {
      const rows = await findRows<ClientRow>("clients", "client_id", clientIds);
      return new Map(rows.map((row) => [row.client_id, row]));
    },
    nameKeyOf: mode === "exact" ? normalizeUsername : usernameKey,
    async findUsers(usernames) {
      const spellings = new Set(usernames.flatMap(listSpellings));
      const keys = new Set(mode === "exact" ? [] : usernames.map(usernameKey));
      const named = await findRows<UserRow>("users", "username", [...spellings]);
      const similar = await findRows<UserRow>("users", "username_key", [...keys]);
      return rowsByName([...named, ...similar], usernames, mode);
    },
    async findUsersById(ids) {
      const rows = await findRows<UserRow>("users", "id", ids);
      return new Map(rows.map((row) => [row.id, row]));
    },
    listClients(page) {
      const query = "SELECT * FROM clients WHERE client_id > ? ORDER BY client_id LIMIT ?";
      return listRows("d1.list_clients", query, page);
    },
    listUsers(page) {
      const query = "SELECT * FROM users WHERE username > ? ORDER BY username LIMIT ?";
      return listRows("d1.list_users", query, page);
    },
    ...createAccessReads(db, deadlineMs),

    async write(writes) {
      if (writes.length === 0) return;
      const statements = buildTransaction(db, writes, mode, actor);
      try {
        const write = () => db.batch(statements);
        announce(reportedClients(await callWithDeadline("d1.write_registry", write, deadlineMs)));
      } catch (error) {
        if (error instanceof Unavailable && isConflict(error.cause)) throw new RegistryConflict();
        throw error;
      }
    },
  };
}

type AccessRead =
  | "listSessions"
  | "findSession"
  | "listBrowserSessions"
  | "findBrowserSession"
  | "listLogouts"
  | "listConsents"
  | "listResources"
  | "findResource";

/** Reads of where one user is signed in, and what the user allows; and of resources. */
function createAccessReads(db: D1Database, deadlineMs: number): Pick<Registry, AccessRead> {
  async function readAll<Row>(operation: string, statement: D1PreparedStatement): Promise<Row[]> {
    return (await callWithDeadline(operation, () => statement.all<Row>(), deadlineMs)).results;
  }

  return {
    listSessions(userId, page) {
      return readAll<SessionRow>("d1.list_sessions", selectSessions(db, userId, page));
    },
    findSession(session) {
      const find = () => selectSession(db, session).first<SessionRow>();
      return callWithDeadline("d1.find_session", find, deadlineMs);
    },
    listBrowserSessions(userId, page) {
      const statement = selectBrowserSessions(db, userId, page);
      return readAll<BrowserSessionRow>("d1.list_browser_sessions", statement);
    },
    async findBrowserSession({ userId, sessionId }) {
      const find = () => selectBrowserSession(db, sessionId).first<BrowserSessionRow>();
      const row = await callWithDeadline("d1.find_browser_session", find, deadlineMs);
      return row?.user_id === userId ? row : null;
    },
    listLogouts(clientId, page) {
      return readAll("d1.list_logouts", selectLogoutDeliveries(db, clientId, page));
    },
    listConsents(userId, page) {
      return readAll<NamedConsentRow>("d1.list_consents", selectConsents(db, userId, page));
    },
    listResources(page) {
      return readAll<ResourceRow>("d1.list_resources", selectResources(db, page));
    },
    findResource(uri) {
      const find = () => selectResource(db, uri).first<ResourceRow>();
      return callWithDeadline("d1.find_resource", find, deadlineMs);
    },
  };
}

/** The statements of a transaction: the writes, the index of origins, and audit events. */
function buildTransaction(
  db: D1Database,
  writes: readonly RegistryWrite[],
  mode: UsernameMode,
  actor: string,
): D1PreparedStatement[] {
  const clientIds = writes.flatMap((write) => ("clientId" in write ? [write.clientId] : []));
  const changes = buildStatements(db, writes, mode);
  return [...changes, ...originUpdates(db, clientIds), insertAuditEvents(db, writes, actor)];
}

/** The statements that read the rows with those keys. */
function buildSelections(
  db: D1Database,
  table: Table,
  key: Key,
  names: readonly string[],
): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = [];
  // Table and column names are constants of this file and never input; every value is bound.
  const query = `SELECT * FROM ${table} WHERE ${key} IN (SELECT value FROM json_each(?))`;
  for (let start = 0; start < names.length; start += NAMES_MAX) {
    const some = JSON.stringify(names.slice(start, start + NAMES_MAX));
    statements.push(db.prepare(query).bind(some));
  }
  return statements;
}
