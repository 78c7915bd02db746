-- Who made a change. Fields, writers and readers: ../SCHEMA.md

-- Empty: a version before this one wrote the row.
ALTER TABLE audit_events ADD COLUMN actor TEXT NOT NULL DEFAULT '';
