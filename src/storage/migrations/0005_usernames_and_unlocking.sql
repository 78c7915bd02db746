-- How user names compare, and when an operator unlocked a user.
-- Fields, writers and readers: ../SCHEMA.md

-- NULL: not filled yet. SQLite folds ASCII alone, so `user fold-names` fills the rest.
ALTER TABLE users ADD COLUMN username_key TEXT;
UPDATE users SET username_key = lower(username) WHERE username NOT GLOB '*[^ -~]*';
CREATE INDEX users_by_key ON users (username_key);

ALTER TABLE users ADD COLUMN unlocked_at_ms INTEGER NOT NULL DEFAULT 0;
