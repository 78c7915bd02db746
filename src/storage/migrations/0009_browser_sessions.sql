-- Which browser session a login belongs to: one session can have many logins.
-- Fields, writers and readers: ../SCHEMA.md

-- NULL: the login is a session by itself, as every login before.
ALTER TABLE sessions ADD COLUMN session_id TEXT;
