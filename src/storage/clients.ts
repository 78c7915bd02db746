import type { Client, ClientProperties, ClientRow, NewClientRow } from "../clients/client.ts";
import type { ColumnKind } from "../clients/field.ts";
import { clientFieldRows } from "../clients/metadata.ts";
import { callWithDeadline } from "../isolate.ts";
import { parseScope } from "../protocol/scope.ts";

const FIELDS = clientFieldRows();

/** A value of a column. */
export type Column = string | number | null;

/** Read the kinds of columns. Null is handled by the callers. */
export const COLUMN_READERS: Readonly<Record<ColumnKind, (column: Column) => unknown>> = {
  plain: (column) => column,
  scope: (column) => parseScope(`${column}`),
  words: (column) => words(`${column}`),
  json: (column) => JSON.parse(`${column}`),
  flag: (column) => column === 1,
};

/** Reads a row of `clients`. */
export function toClient(row: ClientRow): Client {
  const properties = FIELDS.map(([name, { property, column }]) => {
    const value = row[name];
    return [property, value === null ? null : COLUMN_READERS[column](value)];
  });
  return {
    // The readers and these types derive from the same table.
    ...(Object.fromEntries(properties) as ClientProperties),
    clientId: row.client_id,
    secretHash: row.secret_record,
    previousSecretHash: row.previous_secret_record,
    previousSecretEndsAtMs: row.previous_secret_ends_at_ms,
    jwksUri: row.jwks_uri,
    registration: row.registration,
    notBeforeMs: row.not_before_ms,
  };
}

/** Reads a column of words separated by spaces. */
export function words(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}

/** The columns of a client that an operator adds. */
export const OPERATOR_COLUMNS: readonly (keyof NewClientRow)[] = [
  ...(["client_id", "secret_record"] as const),
  ...(["previous_secret_record", "previous_secret_ends_at_ms"] as const),
  ...FIELDS.map(([name]) => name),
];

// Columns are listed, so that an error names a missing one.
const CLIENT_COLUMNS = `SELECT ${OPERATOR_COLUMNS.join(", ")}, jwks_uri, registration, not_before_ms
  FROM clients `;
const SELECT_CLIENT = `${CLIENT_COLUMNS}WHERE client_id = ?`;
/** A hash occurs in at most one of the two tables. */
const SELECT_CLIENT_OF_IMPORTED = `${CLIENT_COLUMNS}WHERE client_id IN (
    SELECT client_id FROM imported_refresh_tokens WHERE token_hash = ?1
    UNION ALL SELECT client_id FROM imported_access_tokens WHERE token_hash = ?1)`;

/** The statement that finds a client by id. */
export function selectClient(db: D1Database, clientId: string): D1PreparedStatement {
  return db.prepare(SELECT_CLIENT).bind(clientId);
}

/** The statement that finds the client of an imported token, by the hash of the token. */
export function selectClientOfImported(db: D1Database, hash: string): D1PreparedStatement {
  return db.prepare(SELECT_CLIENT_OF_IMPORTED).bind(hash);
}

/** The only change to a client by a token request. */
export interface ClientStore {
  /**
   * Replaces one of a client's secret hashes, current or previous, unless another request replaced
   * it first.
   *
   * @returns whether it was replaced
   * @throws Unavailable when D1 fails
   */
  replaceSecretHash(clientId: string, from: string, to: string): Promise<boolean>;
}

const REPLACE_SECRET_HASH = `UPDATE clients SET
  secret_record = iif(secret_record = ?2, ?3, secret_record),
  previous_secret_record = iif(previous_secret_record = ?2, ?3, previous_secret_record)
  WHERE client_id = ?1 AND ?2 IN (secret_record, previous_secret_record)`;

/** Builds the {@link ClientStore} over D1. */
export function createClientStore(db: D1Database): ClientStore {
  return {
    async replaceSecretHash(clientId, from, to) {
      const statement = db.prepare(REPLACE_SECRET_HASH).bind(clientId, from, to);
      const { meta } = await callWithDeadline("d1.replace_secret_record", () => statement.run());
      return meta.changes > 0;
    },
  };
}
