import type { PageRange } from "../storage/registry.ts";

/** One page of a list. */
export interface Listing<Item> {
  readonly items: readonly Item[];
  /** The `after` of the next page; null: this is the last one. */
  readonly next: string | null;
}

/** Reads one page. Reads one extra row to know whether there are more. */
export async function listPage<Row, Item>(
  list: (page: PageRange) => Promise<readonly Row[]>,
  { after, limit }: PageRange,
  keyOf: (row: Row) => string,
  toItem: (row: Row) => Item,
): Promise<Listing<Item>> {
  const rows = await list({ after, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > shown.length && last !== undefined ? keyOf(last) : null;
  return { items: shown.map(toItem), next };
}
