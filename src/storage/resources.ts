import type { ListedResource } from "../clients/resources.ts";
import { spellingsOf } from "../protocol/resource.ts";
import { parseScope } from "../protocol/scope.ts";

/** A row of the table `resources`. */
export interface ResourceRow {
  uri: string;
  /** Separated by spaces; null: see {@link ListedResource}. */
  scope: string | null;
}

/** An API to add, or whose row to replace; or one to remove. */
export type ResourceWrite =
  | {
      readonly kind: "set_resource";
      readonly uri: string;
      readonly fields: Pick<ResourceRow, "scope">;
      /** Most rows of the table after the write. */
      readonly rowsMax: number;
    }
  | { readonly kind: "delete_resource"; readonly uri: string };

const LIST = "SELECT uri, scope FROM resources WHERE uri > ?1 ORDER BY uri LIMIT ?2";

const OF_SPELLINGS = "uri IN (SELECT value FROM json_each(?1))";

const FIND = `SELECT uri, scope FROM resources WHERE ${OF_SPELLINGS}`;

const REMOVE = `DELETE FROM resources WHERE ${OF_SPELLINGS}`;

const INSERT = "INSERT INTO resources (uri, scope) VALUES (?, ?)";

const GUARD = `SELECT json(CASE WHEN (SELECT count(*) FROM resources) >= ?2
    AND NOT EXISTS (SELECT 1 FROM resources WHERE ${OF_SPELLINGS})
  THEN 'full' ELSE '{}' END)`;

/** The statement that reads a page of the resources. */
export function selectResources(
  db: D1Database,
  { after, limit }: { readonly after: string; readonly limit: number },
): D1PreparedStatement {
  return db.prepare(LIST).bind(after, limit);
}

/** The statement that reads one resource, however its origin is spelled. */
export function selectResource(db: D1Database, uri: string): D1PreparedStatement {
  return db.prepare(FIND).bind(JSON.stringify(spellingsOf(uri)));
}

/** Reads a row. */
export function toResource(row: Readonly<Record<string, unknown>>): ListedResource {
  const { uri, scope } = row as unknown as ResourceRow;
  return { uri, scope: scope === null ? null : (parseScope(scope) ?? []) };
}

/** The statements that add or replace a resource. Their transaction fails if there are too many. */
export function setResource(
  db: D1Database,
  { uri, fields, rowsMax }: Extract<ResourceWrite, { kind: "set_resource" }>,
): D1PreparedStatement[] {
  const spellings = JSON.stringify(spellingsOf(uri));
  return [
    db.prepare(GUARD).bind(spellings, rowsMax),
    db.prepare(REMOVE).bind(spellings),
    db.prepare(INSERT).bind(uri, fields.scope),
  ];
}
