-- Who was deleted: an id that is made again must not revive what was issued before.
-- Fields, writers and readers: ../SCHEMA.md

-- Statements keep it, not triggers: docs/decisions/0012-no-triggers.md says why.
CREATE TABLE deleted_accounts (
  kind TEXT NOT NULL CHECK (kind IN ('client', 'user')),
  id TEXT NOT NULL,
  -- NULL: a client.
  username TEXT,
  deleted_at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX deleted_accounts_by_username ON deleted_accounts (username)
  WHERE username IS NOT NULL;
