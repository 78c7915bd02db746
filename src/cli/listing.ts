import type { AdminDeps } from "../admin/deps.ts";
import type { Listing } from "../admin/listing.ts";
import type { PageRange } from "../storage/registry.ts";
import { withManagement } from "./management.ts";
import { type ListOptions, pageOf, targetOf } from "./options.ts";
import { json, plain, table } from "./output.ts";
import type { Terminal } from "./terminal.ts";

/** What a command lists. */
export interface Listed<Item> {
  /** The member of the JSON output that has the items. */
  readonly name: string;
  readonly list: (page: PageRange, deps: AdminDeps) => Promise<Listing<Item>>;
  /** The heading of the table. */
  readonly head: readonly string[];
  readonly rowOf: (item: Item) => readonly string[];
  /** The table begins with the latest of these instants; absent: in the order of the list. */
  readonly instantOf?: (item: Item) => string;
}

/** Writes one page of a list, as a table or as JSON. */
export async function writeList<Item>(
  { name, list, head, rowOf, instantOf }: Listed<Item>,
  options: ListOptions,
  terminal: Terminal,
): Promise<void> {
  const { items, next } = await withManagement(targetOf(options), (deps) => {
    return list(pageOf(options), deps);
  });
  if (options.json) return terminal.write(json({ [name]: items, next }));
  const shown =
    instantOf === undefined
      ? items
      : items.toSorted((a, b) => instantOf(b).localeCompare(instantOf(a)));
  await terminal.write(table(head, shown.map(rowOf), terminal));
  if (next !== null) terminal.note(`More rows: use --after ${plain(next)}`);
}
