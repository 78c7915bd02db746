-- APIs for which every client may request tokens, in addition to those of the setting RESOURCES.
-- Fields, writers and readers: ../SCHEMA.md

CREATE TABLE resources (
  uri TEXT NOT NULL PRIMARY KEY,
  scope TEXT
) WITHOUT ROWID;
