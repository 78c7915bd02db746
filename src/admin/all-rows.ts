import type { PageRange } from "../storage/registry.ts";

/** Rows read at a time. */
const PAGE_ROWS = 500;

/** Reads all rows, a page at a time. */
export async function* allRows<Row>(
  list: (page: PageRange) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): AsyncGenerator<Row> {
  let after = "";
  for (;;) {
    const rows = await list({ after, limit: PAGE_ROWS });
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_ROWS) return;
    after = keyOf(last);
  }
}

/** The key by which clients are listed. */
export function idOf(row: { readonly client_id: string }): string {
  return row.client_id;
}

/** The key by which users are listed. */
export function nameOf(row: { readonly username: string }): string {
  return row.username;
}
