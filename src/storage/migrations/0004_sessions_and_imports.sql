-- Logins as people see them, and tokens of another server that are good here.
-- Fields, writers and readers: ../SCHEMA.md

-- One row a write and no index besides: a login pays for it. A user's sessions lie together.
CREATE TABLE sessions (
  user_id TEXT NOT NULL,
  family_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  label TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  last_refreshed_at_ms INTEGER NOT NULL,
  needed_until_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  PRIMARY KEY (user_id, family_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE imported_refresh_tokens (
  token_hash TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  imported_at_ms INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
  expires_at_ms INTEGER NOT NULL,
  is_consumed INTEGER NOT NULL DEFAULT 0 CHECK (is_consumed IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX imported_refresh_tokens_by_user ON imported_refresh_tokens (user_id);

CREATE TABLE imported_access_tokens (
  token_hash TEXT NOT NULL PRIMARY KEY,
  -- Of the refresh token that came with it; NULL: of none.
  refresh_token_hash TEXT,
  client_id TEXT NOT NULL,
  -- NULL: the client acts for itself.
  user_id TEXT,
  scope TEXT NOT NULL,
  imported_at_ms INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
  issued_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX imported_access_tokens_by_refresh_token
  ON imported_access_tokens (refresh_token_hash) WHERE refresh_token_hash IS NOT NULL;
