/**
 * `client_origins` repeats what `clients` says, by origin. Statements keep it and not triggers:
 * D1's query endpoint, which applies migrations, cuts a trigger apart (docs/decisions/0012).
 */

const REMOVE = `DELETE FROM client_origins
  WHERE client_id IN (SELECT value FROM json_each(?))`;

// A list holds origins with spaces between. CROSS JOIN: the client is found by its key first.
const ADD = `INSERT INTO client_origins (origin, client_id)
  SELECT origins.value, clients.client_id FROM clients
  CROSS JOIN json_each('[' || replace(json_quote(allowed_origins), ' ', '","') || ']') AS origins
  WHERE clients.client_id IN (SELECT value FROM json_each(?))
    AND disabled = 0 AND origins.value <> ''
  ON CONFLICT DO NOTHING`;

/**
 * The statements that bring the origins of these clients up to date, for the end of the transaction
 * that adds, changes or deletes the clients.
 */
export function originUpdates(
  db: D1Database,
  clientIds: readonly string[],
): readonly D1PreparedStatement[] {
  if (clientIds.length === 0) return [];
  const json = JSON.stringify(clientIds);
  return [db.prepare(REMOVE).bind(json), db.prepare(ADD).bind(json)];
}
