-- OpenID Connect Back-Channel Logout 1.0.
-- Fields, writers and readers: ../SCHEMA.md

CREATE TABLE session_clients (
  session_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  issuer_url TEXT NOT NULL,
  needed_until_ms INTEGER NOT NULL,
  PRIMARY KEY (session_id, client_id)
) WITHOUT ROWID;

CREATE INDEX session_clients_of_user ON session_clients (user_id);
CREATE INDEX session_clients_by_end ON session_clients (needed_until_ms);

CREATE TABLE logout_deliveries (
  id INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  issuer_url TEXT NOT NULL,
  ended_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending',
  tries INTEGER NOT NULL DEFAULT 0,
  tried_at_ms INTEGER,
  last_result TEXT NOT NULL DEFAULT '',
  -- 0: at once. NULL: no further try.
  next_try_at_ms INTEGER DEFAULT 0
);

CREATE INDEX logout_deliveries_of_client ON logout_deliveries (client_id);
CREATE INDEX logout_deliveries_due ON logout_deliveries (client_id, next_try_at_ms)
  WHERE next_try_at_ms IS NOT NULL;
