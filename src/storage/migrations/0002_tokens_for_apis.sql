-- What tokens that APIs check need: keys and audience of a client, claims, revoked single tokens.
-- Fields, writers and readers: ../SCHEMA.md

-- A new table, since SQLite cannot drop a CHECK. Which methods and formats there are is for the
-- code to say: a list here would mean a new table with each new one.
CREATE TABLE new_clients (
  client_id TEXT NOT NULL PRIMARY KEY,
  client_name TEXT NOT NULL DEFAULT '',
  token_endpoint_auth_method TEXT NOT NULL,
  secret_record TEXT,
  previous_secret_record TEXT,
  previous_secret_ends_at_ms INTEGER,
  jwks TEXT CHECK (jwks IS NULL OR json_valid(jwks)),
  grant_types TEXT NOT NULL,
  scope TEXT,
  default_scope TEXT,
  audience TEXT NOT NULL DEFAULT '',
  claims TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(claims)),
  allowed_origins TEXT NOT NULL DEFAULT '',
  access_token_format TEXT NOT NULL DEFAULT 'opaque',
  access_token_ttl_seconds INTEGER,
  refresh_idle_ttl_seconds INTEGER,
  refresh_absolute_ttl_seconds INTEGER,
  disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
  -- Whole seconds: a JWT's iat has no finer ones, and the first token may come at once.
  not_before_ms INTEGER NOT NULL DEFAULT (unixepoch() * 1000),
  created_at_ms INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
) STRICT, WITHOUT ROWID;

INSERT INTO new_clients (
  client_id, client_name, token_endpoint_auth_method,
  secret_record, previous_secret_record, previous_secret_ends_at_ms,
  grant_types, scope, default_scope, allowed_origins, access_token_format,
  access_token_ttl_seconds, refresh_idle_ttl_seconds, refresh_absolute_ttl_seconds,
  disabled, not_before_ms, created_at_ms
)
SELECT
  client_id, client_name, token_endpoint_auth_method,
  secret_record, previous_secret_record, previous_secret_ends_at_ms,
  grant_types, scope, default_scope, allowed_origins, access_token_format,
  access_token_ttl_seconds, refresh_idle_ttl_seconds, refresh_absolute_ttl_seconds,
  disabled, not_before_ms, created_at_ms
FROM clients;

DROP TABLE clients;
ALTER TABLE new_clients RENAME TO clients;

-- A preflight asks whether any client has an origin: it reads those that have any.
CREATE INDEX clients_with_origins ON clients (allowed_origins) WHERE allowed_origins <> '';

ALTER TABLE users ADD COLUMN claims TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(claims));

CREATE TABLE revoked_access_tokens (
  nonce TEXT NOT NULL PRIMARY KEY,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX revoked_access_tokens_by_expiry ON revoked_access_tokens (expires_at_ms);
