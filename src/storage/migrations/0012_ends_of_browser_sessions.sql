-- Logins with offline access can outlive the browser session in which they began.
-- Fields, writers and readers: ../SCHEMA.md

ALTER TABLE sessions ADD COLUMN is_offline INTEGER NOT NULL DEFAULT 0;
ALTER TABLE browser_sessions ADD COLUMN offline_ended_at_ms INTEGER;
