import type { Client } from "../clients/client.ts";

/**
 * The row of a client that no operator registered. Of a document, the row follows what it says now.
 * The metadata of a client that registered itself is in its id and cannot change. The code of this
 * request is valid, although the database's clock may be ahead: consents end what is older.
 */
const WRITE = `INSERT INTO clients
  (client_id, client_name, token_endpoint_auth_method, secret_record, grant_types, scope,
    redirect_uris, jwks, jwks_uri, access_token_format, registration, not_before_ms)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0)
  ON CONFLICT DO UPDATE SET client_name = excluded.client_name,
    token_endpoint_auth_method = excluded.token_endpoint_auth_method,
    grant_types = excluded.grant_types, scope = excluded.scope,
    redirect_uris = excluded.redirect_uris, jwks = excluded.jwks, jwks_uri = excluded.jwks_uri
  WHERE registration = 'document'`;

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
