-- The authorization endpoint: where codes of a client may go, who is signed in where, and which
-- client a user has allowed to do what.
-- Fields, writers and readers: ../SCHEMA.md

ALTER TABLE clients ADD COLUMN redirect_uris TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN redirect_uri_patterns TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN post_logout_redirect_uris TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN require_pkce INTEGER NOT NULL DEFAULT 1;
ALTER TABLE clients ADD COLUMN skip_consent INTEGER NOT NULL DEFAULT 0;

CREATE TABLE browser_sessions (
  session_id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  cookie_id TEXT NOT NULL,
  label TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  authenticated_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  needed_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX browser_sessions_of_user ON browser_sessions (user_id, needed_until_ms);

CREATE TABLE consents (
  user_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  resources TEXT NOT NULL,
  redirect_hosts TEXT NOT NULL,
  granted_at_ms INTEGER NOT NULL,
  not_before_ms INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX consents_of_client ON consents (client_id);
