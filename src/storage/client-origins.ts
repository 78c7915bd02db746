/**
 * `client_origins` indexes the origins in `clients`. Maintained by statements and not by triggers:
 * D1's query endpoint, which applies migrations, splits triggers (docs/decisions/0012).
 */

const REMOVE = `DELETE FROM client_origins
  WHERE client_id IN (SELECT value FROM json_each(?))`;

// A list contains origins separated by spaces. CROSS JOIN: the client is found by its key first.
const ADD = `INSERT INTO client_origins (origin, client_id)
  SELECT origins.value, clients.client_id FROM clients
  CROSS JOIN json_each('[' || replace(json_quote(allowed_origins), ' ', '","') || ']') AS origins
  WHERE clients.client_id IN (SELECT value FROM json_each(?))
    AND disabled = 0 AND origins.value <> ''
  ON CONFLICT DO NOTHING`;

/**
 * The statements that update the origins of clients, for the end of the transaction that adds,
 * changes or deletes the clients.
 */
export function originUpdates(
  db: D1Database,
  clientIds: readonly string[],
): readonly D1PreparedStatement[] {
  if (clientIds.length === 0) return [];
  const json = JSON.stringify(clientIds);
  return [db.prepare(REMOVE).bind(json), db.prepare(ADD).bind(json)];
}
