-- What operators changed. Fields, writers and readers: ../SCHEMA.md

CREATE TABLE audit_events (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  fields TEXT NOT NULL,
  ended_sessions INTEGER NOT NULL CHECK (ended_sessions IN (0, 1))
) STRICT;
