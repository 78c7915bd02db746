-- Clients that no operator registered (RFC 7591, client ID metadata documents).
-- Fields, writers and readers: ../SCHEMA.md

ALTER TABLE clients ADD COLUMN registration TEXT NOT NULL DEFAULT 'operator';
ALTER TABLE clients ADD COLUMN jwks_uri TEXT;
