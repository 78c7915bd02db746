-- Clients and users. Fields, writers and readers: ../SCHEMA.md
-- Instants are milliseconds since the epoch, by the database's own clock.

CREATE TABLE clients (
  client_id TEXT NOT NULL PRIMARY KEY,
  client_name TEXT NOT NULL DEFAULT '',
  token_endpoint_auth_method TEXT NOT NULL
    CHECK (token_endpoint_auth_method IN ('client_secret_basic', 'client_secret_post', 'none')),
  secret_record TEXT,
  previous_secret_record TEXT,
  previous_secret_ends_at_ms INTEGER,
  grant_types TEXT NOT NULL,
  scope TEXT,
  default_scope TEXT,
  allowed_origins TEXT NOT NULL DEFAULT '',
  access_token_format TEXT NOT NULL DEFAULT 'opaque' CHECK (access_token_format IN ('opaque')),
  access_token_ttl_seconds INTEGER,
  refresh_idle_ttl_seconds INTEGER,
  refresh_absolute_ttl_seconds INTEGER,
  disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
  not_before_ms INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
  created_at_ms INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  username TEXT NOT NULL UNIQUE,
  password_record TEXT NOT NULL,
  is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
  not_before_ms INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
  created_at_ms INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
) STRICT, WITHOUT ROWID;
