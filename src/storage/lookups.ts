import type { Client } from "../clients/client.ts";
import { isDenied } from "../clients/policy.ts";
import type { ListedResource } from "../clients/resources.ts";
import { callWithDeadline } from "../isolate.ts";
import type { DatedProfile } from "../protocol/claims.ts";
import { RESOURCES_MAX } from "../protocol/resource.ts";
import type { UsernameMode } from "../protocol/usernames.ts";
import { type AccountAccess, selectAccess, toAccess } from "./account.ts";
import { type BrowserSession, selectBrowserSession, toBrowserSession } from "./browser-sessions.ts";
import { selectClient, selectClientOfImported, toClient } from "./clients.ts";
import { type Consent, selectConsent, selectConsentOfImported, toConsent } from "./consents.ts";
import { type ImportedLogin, selectImportedToken, toImportedToken } from "./imported-tokens.ts";
import { selectResources, toResource } from "./resources.ts";
import { type SessionKey, selectEndedSession } from "./sessions.ts";
import { requireReadiness, selectReadiness } from "./usernames.ts";
import {
  type NamedUser,
  selectProfile,
  selectUserById,
  selectUserOfImported,
  selectUsersByName,
  toNamedUser,
  toProfile,
  toUser,
  type User,
  type UserRow,
} from "./users.ts";

/**
 * A value that is being looked up. Awaiting it sends the batch that it belongs to, unless the batch
 * was sent before.
 *
 * @throws Unavailable when D1 fails or is not migrated
 */
export type Lookup<Value> = PromiseLike<Value>;

/**
 * The reads of one request. Look-ups that are started before the first one is awaited travel to D1
 * as one batch: one round trip, and one snapshot of the data. Starting the same look-up twice costs
 * nothing.
 *
 * @example
 * const client = lookups.client("shop");
 * const user = lookups.user(userId);
 * if ((await client) !== null) await user; // one round trip
 */
export interface Lookups {
  client(clientId: string): Lookup<Client | null>;
  user(id: string): Lookup<User | null>;
  /** The standard claims about a user. Null: there is no such user. */
  profile(userId: string): Lookup<DatedProfile | null>;
  /** Also throws Misconfigured when the database is not prepared for the setting USERNAMES. */
  userByName(username: string): Lookup<NamedUser>;
  isSessionEnded(session: SessionKey): Lookup<boolean>;
  /** Whether an access token without a family was revoked. */
  isRevoked(nonce: string): Lookup<boolean>;
  /** Null: the hash is unknown, or the token has expired. */
  importedLogin(hash: string): Lookup<ImportedLogin | null>;
  /** The browser session with this `sid`; null: it is unknown, or was removed. */
  browserSession(sessionId: string): Lookup<BrowserSession | null>;
  /** What the user has allowed the client. Null: nothing, ever. */
  consent(userId: string, clientId: string): Lookup<Consent | null>;
  /** Where the user is signed in, and who may act for them. */
  access(userId: string): Lookup<AccountAccess>;
  /** Whether any client that is not disabled lists this origin of a page. */
  isOriginAllowed(origin: string): Lookup<boolean>;
  /** The APIs for which every client may request tokens, without those of the setting. */
  resources(): Lookup<readonly ListedResource[]>;
}

const SELECT_REVOKED = "SELECT nonce FROM revoked_access_tokens WHERE nonce = ?";
const SELECT_ORIGIN = "SELECT origin FROM client_origins WHERE origin = ? LIMIT 1";

type Rows = readonly Record<string, unknown>[];

/** What {@link createLookups} needs. */
export interface LookupDeps {
  readonly db: D1Database;
  /** How user names are compared. */
  readonly usernames: UsernameMode;
  /** The setting `DENIED_CLIENTS`: such clients count as disabled. */
  readonly denied: ReadonlySet<string>;
}

/** Builds the {@link Lookups} of one request over D1. */
export function createLookups(deps: LookupDeps): Lookups {
  return new D1Lookups(deps);
}

class D1Lookups implements Lookups {
  readonly #deps: LookupDeps;
  readonly #db: D1Database;
  readonly #started = new Map<string, Lookup<unknown>>();
  #batch: Batch;

  constructor(deps: LookupDeps) {
    this.#deps = deps;
    this.#db = deps.db;
    this.#batch = new Batch(deps.db);
  }

  client(id: string) {
    const statements = [selectClient(this.#db, id)];
    return this.#start(["client", id], statements, (rows) => this.#firstClient(rows));
  }

  user(id: string) {
    return this.#start(["user", id], [selectUserById(this.#db, id)], (rows) => first(rows, toUser));
  }

  profile(userId: string) {
    const statements = [selectProfile(this.#db, userId)];
    return this.#start(["profile", userId], statements, (rows) => first(rows, toProfile));
  }

  userByName(username: string) {
    const statements = [selectUsersByName(this.#db, username)];
    if (this.#deps.usernames === "case-insensitive") statements.push(selectReadiness(this.#db));
    return this.#start(["name", username], statements, (rows, readiness) => {
      if (readiness !== undefined) requireReadiness(readiness);
      return toNamedUser(rows as unknown as UserRow[], username, this.#deps.usernames);
    });
  }

  isSessionEnded(session: SessionKey) {
    const key = ["session", session.userId, session.familyId];
    return this.#start(key, [selectEndedSession(this.#db, session)], isFound);
  }

  isRevoked(nonce: string) {
    return this.#start(["nonce", nonce], [this.#db.prepare(SELECT_REVOKED).bind(nonce)], isFound);
  }

  importedLogin(hash: string) {
    const statements = [
      selectImportedToken(this.#db, hash),
      selectClientOfImported(this.#db, hash),
      selectUserOfImported(this.#db, hash),
      selectConsentOfImported(this.#db, hash),
    ];
    return this.#start(["imported", hash], statements, (tokens, clients, users, consents) => {
      const token = first(tokens, toImportedToken);
      if (token === null) return null;
      const [client, user] = [this.#firstClient(clients), first(users, toUser)];
      return { token, client, user, consent: first(consents, toConsent) };
    });
  }

  browserSession(sessionId: string) {
    const statements = [selectBrowserSession(this.#db, sessionId)];
    return this.#start(["browser", sessionId], statements, (rows) => first(rows, toBrowserSession));
  }

  consent(userId: string, clientId: string) {
    const statements = [selectConsent(this.#db, userId, clientId)];
    return this.#start(["consent", userId, clientId], statements, (rows) => first(rows, toConsent));
  }

  access(userId: string) {
    return this.#start(["access", userId], selectAccess(this.#db, userId), toAccess);
  }

  isOriginAllowed(origin: string) {
    return this.#start(["origin", origin], [this.#db.prepare(SELECT_ORIGIN).bind(origin)], isFound);
  }

  resources() {
    const statements = [selectResources(this.#db, { after: "", limit: RESOURCES_MAX })];
    return this.#start(["resources"], statements, (rows) => rows.map(toResource));
  }

  #firstClient(rows: Rows): Client | null {
    const client = first(rows, toClient);
    return client !== null && isDenied(client, this.#deps.denied)
      ? { ...client, isDisabled: true }
      : client;
  }

  #start<Value>(
    key: readonly string[],
    statements: readonly D1PreparedStatement[],
    read: (...results: Rows[]) => Value,
  ): Lookup<Value> {
    const name = JSON.stringify(key);
    const known = this.#started.get(name);
    // The first word of the key names the method that started it, and so the type of its value.
    if (known !== undefined) return known as Lookup<Value>;
    if (this.#batch.isSent) this.#batch = new Batch(this.#db);
    const rows = this.#batch.add(statements);
    const lookup = lazy(async () => read(...(await rows())));
    this.#started.set(name, lookup);
    return lookup;
  }
}

/** Statements that are sent together, when the first result is awaited. */
class Batch {
  readonly #db: D1Database;
  readonly #statements: D1PreparedStatement[] = [];
  #results: Promise<D1Result<Record<string, unknown>>[]> | null = null;

  constructor(db: D1Database) {
    this.#db = db;
  }

  get isSent(): boolean {
    return this.#results !== null;
  }

  /** @returns a function that sends the batch if necessary, and resolves to the statements' rows */
  add(statements: readonly D1PreparedStatement[]): () => Promise<Rows[]> {
    const start = this.#statements.length;
    this.#statements.push(...statements);
    const end = this.#statements.length;
    return async () => (await this.#send()).slice(start, end).map(({ results }) => results);
  }

  #send(): Promise<D1Result<Record<string, unknown>>[]> {
    this.#results ??= callWithDeadline("d1.find_accounts", () => this.#db.batch(this.#statements));
    return this.#results;
  }
}

/** A promise that starts its work when it is awaited. */
function lazy<Value>(load: () => Promise<Value>): PromiseLike<Value> {
  let loading: Promise<Value> | null = null;
  return {
    // biome-ignore lint/suspicious/noThenProperty: awaiting it must be what sends the batch
    then(onFulfilled, onRejected) {
      loading ??= load();
      return loading.then(onFulfilled, onRejected);
    },
  };
}

function first<Row, Value>(rows: Rows | undefined, read: (row: Row) => Value): Value | null {
  const [row] = rows ?? [];
  return row === undefined ? null : read(row as Row);
}

function isFound(rows: Rows): boolean {
  return rows.length > 0;
}
