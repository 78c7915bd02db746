import type { AccessTokenFormat, ClientAuthMethod, GrantType } from "../protocol/names.ts";
import { parseScope, type Scope } from "../protocol/scope.ts";
import { attempt } from "./attempt.ts";

/** A registered client, as the table `clients` has it. */
export interface Client {
  readonly clientId: string;
  readonly authMethod: ClientAuthMethod;
  readonly secretRecord: string | null;
  /** The secret before the last rotation; valid until {@link previousSecretEndsAtMs}. */
  readonly previousSecretRecord: string | null;
  /** Null: the previous secret stays valid until it is removed. */
  readonly previousSecretEndsAtMs: number | null;
  readonly grantTypes: readonly GrantType[];
  /** Null: every scope of the service. */
  readonly scope: Scope | null;
  /** What an absent `scope` parameter means. Null: all of the client's scopes. */
  readonly defaultScope: Scope | null;
  /** Null: the service's setting. */
  readonly accessTokenTtlSeconds: number | null;
  readonly refreshIdleTtlSeconds: number | null;
  readonly refreshAbsoluteTtlSeconds: number | null;
  readonly accessTokenFormat: AccessTokenFormat;
  /** Browser origins that may call with CORS. */
  readonly allowedOrigins: readonly string[];
  readonly isDisabled: boolean;
  /** Families of before this instant have ended. */
  readonly notBeforeMs: number;
}

/** A user who may log in, as the table `users` has it. */
export interface User {
  /** What tokens carry as the subject; never reused. */
  readonly id: string;
  readonly username: string;
  readonly passwordRecord: string;
  readonly isActive: boolean;
  /** Families of before this instant have ended. */
  readonly notBeforeMs: number;
}

/** Which user to look up. */
export type UserKey = { readonly username: string } | { readonly id: string };

/** A client and a user as of one moment. */
export interface Accounts {
  readonly client: Client | null;
  readonly user: User | null;
}

/** Reads of clients and users, and the one write that a login may cause. */
export interface AccountStore {
  /**
   * Looks up a client and, if asked, a user in one round trip.
   *
   * @throws Unavailable when D1 fails or is not migrated
   */
  find(clientId: string, user: UserKey | null): Promise<Accounts>;
  /**
   * Replaces a password record unless somebody else replaced it first.
   *
   * @throws Unavailable when D1 fails
   */
  replacePasswordRecord(userId: string, from: string, to: string): Promise<void>;
}

/** Builds the {@link AccountStore} over D1. */
export function createAccountStore(db: D1Database): AccountStore {
  return {
    find(clientId, user) {
      const statements = [db.prepare("SELECT * FROM clients WHERE client_id = ?").bind(clientId)];
      if (user !== null) statements.push(selectUser(db, user));
      return attempt("d1.find_accounts", async () => {
        const [clients, users] = await db.batch<Row>(statements);
        const [clientRow, userRow] = [clients?.results[0], users?.results[0]];
        return {
          client: clientRow ? toClient(clientRow as ClientRow) : null,
          user: userRow ? toUser(userRow as UserRow) : null,
        };
      });
    },

    async replacePasswordRecord(userId, from, to) {
      const statement = db
        .prepare("UPDATE users SET password_record = ? WHERE id = ? AND password_record = ?")
        .bind(to, userId, from);
      await attempt("d1.replace_password_record", () => statement.run());
    },
  };
}

/** A row of the table `clients`. */
export interface ClientRow {
  client_id: string;
  client_name: string;
  token_endpoint_auth_method: ClientAuthMethod;
  secret_record: string | null;
  previous_secret_record: string | null;
  previous_secret_ends_at_ms: number | null;
  grant_types: string;
  scope: string | null;
  default_scope: string | null;
  allowed_origins: string;
  access_token_format: AccessTokenFormat;
  access_token_ttl_seconds: number | null;
  refresh_idle_ttl_seconds: number | null;
  refresh_absolute_ttl_seconds: number | null;
  disabled: number;
  not_before_ms: number;
}

/** A row of the table `users`. */
export interface UserRow {
  id: string;
  username: string;
  password_record: string;
  is_active: number;
  not_before_ms: number;
}

type Row = ClientRow | UserRow;

function selectUser(db: D1Database, key: UserKey): D1PreparedStatement {
  return "id" in key
    ? db.prepare("SELECT * FROM users WHERE id = ?").bind(key.id)
    : db.prepare("SELECT * FROM users WHERE username = ?").bind(key.username);
}

function toClient(row: ClientRow): Client {
  return {
    clientId: row.client_id,
    authMethod: row.token_endpoint_auth_method,
    secretRecord: row.secret_record,
    previousSecretRecord: row.previous_secret_record,
    previousSecretEndsAtMs: row.previous_secret_ends_at_ms,
    grantTypes: words(row.grant_types) as GrantType[],
    scope: row.scope === null ? null : parseScope(row.scope),
    defaultScope: row.default_scope === null ? null : parseScope(row.default_scope),
    accessTokenTtlSeconds: row.access_token_ttl_seconds,
    refreshIdleTtlSeconds: row.refresh_idle_ttl_seconds,
    refreshAbsoluteTtlSeconds: row.refresh_absolute_ttl_seconds,
    accessTokenFormat: row.access_token_format,
    allowedOrigins: words(row.allowed_origins),
    isDisabled: row.disabled === 1,
    notBeforeMs: row.not_before_ms,
  };
}

function toUser(row: UserRow): User {
  return {
    id: row.id,
    username: row.username,
    passwordRecord: row.password_record,
    isActive: row.is_active === 1,
    notBeforeMs: row.not_before_ms,
  };
}

function words(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}
