import { openLocalDatabase } from "./local-database.ts";

/** Rows of one table, column by column. */
type Row = Record<string, unknown>;

/** What an import writes. */
export interface Rows {
  readonly users: Row[];
  readonly clients: Row[];
  readonly refreshTokens: Row[];
  readonly accessTokens: Row[];
  readonly auditEvents: Row[];
}

/** Reads all that an import may have written to local state. */
export function importedState(stateDir: string): Rows {
  const database = openLocalDatabase(stateDir);
  const read = (query: string) => database.prepare(query).all();
  try {
    return {
      users: read(
        "SELECT id, username, password_record, is_active, not_before_ms FROM users ORDER BY id",
      ),
      clients: read(
        "SELECT client_id, client_name, token_endpoint_auth_method, secret_record, grant_types, " +
          "scope, allowed_origins, not_before_ms FROM clients ORDER BY client_id",
      ),
      refreshTokens: read("SELECT * FROM imported_refresh_tokens ORDER BY token_hash"),
      accessTokens: read("SELECT * FROM imported_access_tokens ORDER BY token_hash"),
      auditEvents: read("SELECT action, subject, fields FROM audit_events ORDER BY id"),
    };
  } finally {
    database.close();
  }
}
