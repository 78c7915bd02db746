import type { PageRange } from "../storage/registry.ts";

/** One page of a list. */
export interface Listing<Item> {
  readonly items: readonly Item[];
  /** What to ask for as `after` to get the next page; null: there is none. */
  readonly next: string | null;
}

/** Reads one page. One row more than is shown tells whether there are more. */
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
