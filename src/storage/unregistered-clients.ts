import type { Client } from "../clients/client.ts";

/**
 * The row of a client that no operator registered. Of a document, the row follows what it says now.
 * The metadata of a client that registered itself is in its id and cannot change. The code of this
 * request is valid, although the database's clock may be ahead: consents end what is older. An
 * operator may have deleted a client with that id.
 */
const WRITE = `INSERT INTO clients
  (client_id, client_name, token_endpoint_auth_method, secret_record, grant_types, scope,
    redirect_uris, jwks, jwks_uri, access_token_format, registration, not_before_ms)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
    coalesce((SELECT deleted_at_ms + 1 FROM deleted_accounts
      WHERE kind = 'client' AND id = ?1), 0))
  ON CONFLICT DO UPDATE SET client_name = excluded.client_name,
    token_endpoint_auth_method = excluded.token_endpoint_auth_method,
    grant_types = excluded.grant_types, scope = excluded.scope,
    redirect_uris = excluded.redirect_uris, jwks = excluded.jwks, jwks_uri = excluded.jwks_uri
  WHERE registration = 'document'`;

/**
 * Most of such clients that one user has allowed. Anyone can make them, so without a limit a user
 * could fill the database.
 */
export const UNREGISTERED_CONSENTS_MAX = 500;

/** A client that no operator registered, with what its row has in addition. */
export interface UnregisteredClient {
  readonly client: Client;
  /** The hash of its secret, or null. */
  readonly secretHash: string | null;
}

/** The statement that stores such a client. Changes no client of an operator. */
export function storeUnregisteredClient(
  db: D1Database,
  { client, secretHash }: UnregisteredClient,
): D1PreparedStatement {
  return db
    .prepare(WRITE)
    .bind(
      client.clientId,
      client.name,
      client.authMethod,
      secretHash,
      client.grantTypes.join(" "),
      client.scope?.join(" ") ?? null,
      client.redirectUris.join(" "),
      client.jwks === null ? null : JSON.stringify(client.jwks),
      client.jwksUri,
      client.accessTokenFormat,
      client.registration,
    );
}

/**
 * Consents of a user beyond the limit, to clients that no operator registered or that no longer
 * exist: first those that were revoked, then those from longest ago. Not the newest, ?2.
 */
const EXCESS = `SELECT consents.client_id FROM consents
  LEFT JOIN clients ON clients.client_id = consents.client_id
  WHERE consents.user_id = ?1 AND coalesce(registration, '') <> 'operator'
    AND consents.client_id <> ?2
  ORDER BY consents.redirect_hosts = '', granted_at_ms DESC, consents.client_id
  LIMIT -1 OFFSET ?3`;

/** A disabled row stays: without it, the id would be valid again. */
const IS_REMOVABLE = "registration <> 'operator' AND disabled = 0";

/** Before the consents, which it reads. */
const REMOVE_CLIENTS_IN_EXCESS = `DELETE FROM clients
  WHERE client_id IN (${EXCESS}) AND ${IS_REMOVABLE} AND NOT EXISTS
    (SELECT 1 FROM consents WHERE client_id = clients.client_id AND user_id <> ?1)`;

const REMOVE_EXCESS = `DELETE FROM consents WHERE user_id = ?1 AND client_id IN (${EXCESS})`;

const USER_ID = "(SELECT id FROM users WHERE username = ?1)";

const REMOVE_CLIENTS_OF_USER = `DELETE FROM clients
  WHERE client_id IN (SELECT client_id FROM consents WHERE user_id = ${USER_ID})
    AND ${IS_REMOVABLE} AND NOT EXISTS
    (SELECT 1 FROM consents WHERE client_id = clients.client_id AND user_id <> ${USER_ID})`;

/**
 * The statements that limit how many of such clients one user may have allowed. They also remove
 * the rows of clients that no other user has allowed; the next consent writes them again.
 *
 * @param clientId the latest, which stays
 */
export function removeExcessConsents(
  db: D1Database,
  userId: string,
  clientId: string,
): D1PreparedStatement[] {
  const values = [userId, clientId, UNREGISTERED_CONSENTS_MAX - 1];
  return [
    db.prepare(REMOVE_CLIENTS_IN_EXCESS).bind(...values),
    db.prepare(REMOVE_EXCESS).bind(...values),
  ];
}

/** The statement that removes such clients, which only this user has allowed: it is deleted. */
export function removeClientsOfUser(db: D1Database, username: string): D1PreparedStatement {
  return db.prepare(REMOVE_CLIENTS_OF_USER).bind(username);
}
