import type { Client } from "../clients/client.ts";
import { isUnregistered } from "../clients/policy.ts";
import { callWithDeadline } from "../isolate.ts";
import { parseScope, type Scope } from "../protocol/scope.ts";
import { words } from "./clients.ts";
import { type AnnounceEnd, reportEnd, reportedClients } from "./session-clients.ts";
import {
  removeExcessConsents,
  storeUnregisteredClient,
  type UnregisteredClient,
} from "./unregistered-clients.ts";

/** What one user has allowed one client. */
export interface Consent {
  readonly clientId: string;
  readonly scope: Scope;
  readonly resources: readonly string[];
  /** Hosts or schemes to which codes may go. */
  readonly redirectHosts: readonly string[];
  readonly grantedAtMs: number;
  /** Families and codes from before have ended; 0: none has. */
  readonly notBeforeMs: number;
}

/** A consent, and the name of its client for people, which may be empty. */
export interface NamedConsent extends Consent {
  readonly clientName: string;
}

/** A row of {@link NamedConsent}. */
export interface NamedConsentRow extends ConsentRow {
  client_name: string;
}

/** A row of the table `consents`. */
export interface ConsentRow {
  user_id: string;
  client_id: string;
  scope: string;
  resources: string;
  redirect_hosts: string;
  granted_at_ms: number;
  not_before_ms: number;
}

/** What a user allows now. */
interface ConsentGrant extends Pick<Consent, "scope" | "resources" | "redirectHosts"> {
  readonly userId: string;
  readonly client: Client;
}

/** Changes to consents. Both methods throw Unavailable when D1 fails. */
export interface ConsentStore {
  /**
   * Adds to what the user has allowed. If these are too many clients that no operator registered,
   * the access of the one that was allowed longest ago ends.
   *
   * @param known the consent that was read, or null
   * @param nowMs when the request arrived, whose code must be valid
   * @param unregistered the client, if its row is to be written too
   */
  grant(
    consent: ConsentGrant,
    known: Consent | null,
    nowMs: number,
    unregistered?: UnregisteredClient | null,
  ): Promise<void>;
  /**
   * Removes everything that the user has allowed the client, and ends its families and codes, for
   * good. Also if there is no row, since a client of an operator may have a code or login without
   * one. Does nothing for an unknown client.
   */
  revoke(userId: string, clientId: string, nowMs: number): Promise<void>;
}

const COLUMNS =
  "user_id, client_id, scope, resources, redirect_hosts, granted_at_ms, not_before_ms";

/**
 * Most scopes, APIs and hosts of a consent; the latest stay, and others are asked for again. The
 * hosts of a client can change without a limit.
 */
const VALUES_MAX = 100;

/** Stores nothing if the consent was revoked since it was read: the user is asked again. */
const GRANT = `INSERT INTO consents
  (user_id, client_id, scope, resources, redirect_hosts, granted_at_ms, not_before_ms)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
  ON CONFLICT DO UPDATE SET scope = excluded.scope, resources = excluded.resources,
    redirect_hosts = excluded.redirect_hosts, granted_at_ms = excluded.granted_at_ms
  WHERE not_before_ms <= ?7`;

/** The database's clock. */
const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/** Without a row, a client that no operator registered has nothing that could end. */
const REVOKE = `INSERT INTO consents
  (user_id, client_id, scope, resources, redirect_hosts, granted_at_ms, not_before_ms)
  SELECT ?1, client_id, '', '', '', coalesce(?3, ${NOW_MS}), coalesce(?3, ${NOW_MS})
    FROM clients WHERE client_id = ?2 AND (registration = 'operator'
      OR EXISTS (SELECT 1 FROM consents WHERE user_id = ?1 AND client_id = ?2))
  ON CONFLICT DO UPDATE SET scope = '', resources = '', redirect_hosts = '',
    not_before_ms = max(not_before_ms, excluded.not_before_ms)`;

/** A revoked consent is only a mark: it has no redirect host. */
const LIVE = `SELECT consents.*, client_name FROM consents
  JOIN clients ON clients.client_id = consents.client_id
  WHERE user_id = ?1 AND consents.redirect_hosts <> ''`;

const LATEST = `${LIVE}
  ORDER BY granted_at_ms DESC, consents.client_id LIMIT ?2`;

const LIST = `${LIVE} AND consents.client_id > ?2 ORDER BY consents.client_id LIMIT ?3`;

const SELECT_CONSENT_OF_IMPORTED = `SELECT ${COLUMNS} FROM consents
  WHERE (user_id, client_id) IN (
    SELECT user_id, client_id FROM imported_refresh_tokens WHERE token_hash = ?1
    UNION ALL SELECT user_id, client_id FROM imported_access_tokens WHERE token_hash = ?1)`;

/** The statement that finds a consent. */
export function selectConsent(
  db: D1Database,
  userId: string,
  clientId: string,
): D1PreparedStatement {
  return db
    .prepare(`SELECT ${COLUMNS} FROM consents WHERE user_id = ? AND client_id = ?`)
    .bind(userId, clientId);
}

/** The statement that reads what a user allows, the latest first. */
export function selectLatestConsents(
  db: D1Database,
  userId: string,
  limit: number,
): D1PreparedStatement {
  return db.prepare(LATEST).bind(userId, limit);
}

/** The statement that reads a page of what a user allows, in the order of clients. */
export function selectConsents(
  db: D1Database,
  userId: string,
  page: { readonly after: string; readonly limit: number },
): D1PreparedStatement {
  return db.prepare(LIST).bind(userId, page.after, page.limit);
}

/** The statement of {@link ConsentStore.revoke}. @param nowMs null: the database's clock */
export function revokeConsent(
  db: D1Database,
  { userId, clientId }: { readonly userId: string; readonly clientId: string },
  nowMs: number | null,
): D1PreparedStatement {
  return db.prepare(REVOKE).bind(userId, clientId, nowMs);
}

/** The statement that finds the consent of the user of an imported token to its client. */
export function selectConsentOfImported(db: D1Database, hash: string): D1PreparedStatement {
  return db.prepare(SELECT_CONSENT_OF_IMPORTED).bind(hash);
}

/** The statement that removes the consents of a client that is deleted. */
export function removeConsentsOfClient(db: D1Database, clientId: string): D1PreparedStatement {
  return db.prepare("DELETE FROM consents WHERE client_id = ?").bind(clientId);
}

/** The statement that removes the consents of a user who is deleted. */
export function removeConsentsOfUser(db: D1Database, username: string): D1PreparedStatement {
  return db
    .prepare("DELETE FROM consents WHERE user_id = (SELECT id FROM users WHERE username = ?)")
    .bind(username);
}

/** Reads a row of `consents`. */
export function toConsent(row: ConsentRow): Consent {
  return {
    clientId: row.client_id,
    scope: parseScope(row.scope) ?? [],
    resources: words(row.resources),
    redirectHosts: words(row.redirect_hosts),
    grantedAtMs: row.granted_at_ms,
    notBeforeMs: row.not_before_ms,
  };
}

/** Reads a row of a list. */
export function toNamedConsent(row: NamedConsentRow): NamedConsent {
  return { ...toConsent(row), clientName: row.client_name };
}

/**
 * Whether what began at that instant has ended, because the user revoked the consent since. Of a
 * client that no operator registered, which always asks for consent, also if there is no consent:
 * it was displaced by others.
 */
export function isRevokedSince(
  consent: Consent | null,
  sinceMs: number,
  client: Pick<Client, "registration">,
): boolean {
  return consent === null ? isUnregistered(client) : sinceMs <= consent.notBeforeMs;
}

/** Builds the {@link ConsentStore} over D1. */
export function createConsentStore(db: D1Database, announce: AnnounceEnd): ConsentStore {
  return {
    async grant({ userId, client, ...allowed }, known, nowMs, unregistered = null) {
      const { clientId } = client;
      const join = (name: "scope" | "resources" | "redirectHosts") =>
        [...new Set([...(known?.[name] ?? []), ...allowed[name]])].slice(-VALUES_MAX).join(" ");
      const isNew = known === null && isUnregistered(client);
      // An earlier row may have been displaced. What it had ended must not begin again.
      const notBeforeMs = isNew ? nowMs - 1 : (known?.notBeforeMs ?? 0);
      const values = [join("scope"), join("resources"), join("redirectHosts"), nowMs, notBeforeMs];
      const statements = [db.prepare(GRANT).bind(userId, clientId, ...values)];
      if (unregistered !== null) statements.push(storeUnregisteredClient(db, unregistered));
      if (isNew) statements.push(...removeExcessConsents(db, userId, clientId));
      await callWithDeadline("d1.grant_consent", () => db.batch(statements));
    },

    async revoke(userId, clientId, nowMs) {
      const statements = [
        revokeConsent(db, { userId, clientId }, nowMs),
        ...reportEnd(db, { userId, clientId }),
      ];
      const results = await callWithDeadline("d1.revoke_consent", () => db.batch(statements));
      announce(reportedClients(results));
    },
  };
}
