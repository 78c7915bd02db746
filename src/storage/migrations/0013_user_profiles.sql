-- The standard claims of users (OpenID Connect Core §5.1).
-- Fields, writers and readers: ../SCHEMA.md

ALTER TABLE users ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
-- 0: not changed since the row was created.
ALTER TABLE users ADD COLUMN profile_updated_at_ms INTEGER NOT NULL DEFAULT 0;
