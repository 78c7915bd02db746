-- Which origins are on a client's list, by key. Fields, writers and readers: ../SCHEMA.md

CREATE TABLE client_origins (
  origin TEXT NOT NULL,
  client_id TEXT NOT NULL,
  PRIMARY KEY (origin, client_id)
) STRICT, WITHOUT ROWID;

-- Triggers, so that no writer of `clients` can forget it: a list holds origins with spaces between.
CREATE TRIGGER clients_insert_origins AFTER INSERT ON clients
WHEN NEW.allowed_origins <> '' AND NEW.disabled = 0
BEGIN
  INSERT OR IGNORE INTO client_origins (origin, client_id)
    SELECT value, NEW.client_id
    FROM json_each('["' || replace(NEW.allowed_origins, ' ', '","') || '"]') WHERE value <> '';
END;

CREATE TRIGGER clients_update_origins AFTER UPDATE OF allowed_origins, disabled ON clients
BEGIN
  DELETE FROM client_origins WHERE client_id = OLD.client_id AND origin IN (
    SELECT value FROM json_each('["' || replace(OLD.allowed_origins, ' ', '","') || '"]'));
  INSERT OR IGNORE INTO client_origins (origin, client_id)
    SELECT value, NEW.client_id
    FROM json_each('["' || replace(NEW.allowed_origins, ' ', '","') || '"]')
    WHERE value <> '' AND NEW.disabled = 0;
END;

CREATE TRIGGER clients_delete_origins AFTER DELETE ON clients
WHEN OLD.allowed_origins <> ''
BEGIN
  DELETE FROM client_origins WHERE client_id = OLD.client_id AND origin IN (
    SELECT value FROM json_each('["' || replace(OLD.allowed_origins, ' ', '","') || '"]'));
END;

INSERT OR IGNORE INTO client_origins (origin, client_id)
  SELECT origins.value, clients.client_id
  FROM clients, json_each('["' || replace(allowed_origins, ' ', '","') || '"]') AS origins
  WHERE allowed_origins <> '' AND disabled = 0 AND origins.value <> '';

DROP INDEX clients_with_origins;
