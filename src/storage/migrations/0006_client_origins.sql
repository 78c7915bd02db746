-- Which origins are on a client's list, by key. Fields, writers and readers: ../SCHEMA.md

CREATE TABLE client_origins (
  origin TEXT NOT NULL,
  client_id TEXT NOT NULL,
  PRIMARY KEY (origin, client_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_origins_by_client ON client_origins (client_id);

-- A list holds origins with spaces between.
INSERT INTO client_origins (origin, client_id)
  SELECT origins.value, clients.client_id
  FROM clients, json_each('[' || replace(json_quote(allowed_origins), ' ', '","') || ']') AS origins
  WHERE disabled = 0 AND origins.value <> ''
  ON CONFLICT DO NOTHING;

DROP INDEX clients_with_origins;
