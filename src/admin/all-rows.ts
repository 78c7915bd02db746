import type { ClientRow } from "../clients/client.ts";
import { isUnregistered } from "../clients/policy.ts";
import type { PageRange, Registry } from "../storage/registry.ts";

/** Rows of one read. */
const PAGE_ROWS = 500;

/** Reads all rows, page by page. */
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

/** Reads the clients that operators registered. Files are about these only. */
export async function* operatorsClients(registry: Registry): AsyncGenerator<ClientRow> {
  for await (const row of allRows((page) => registry.listClients(page), idOf)) {
    if (!isUnregistered(row)) yield row;
  }
}

/** The key that orders lists of clients. */
export function idOf(row: { readonly client_id: string }): string {
  return row.client_id;
}

/** The key that orders lists of users. */
export function nameOf(row: { readonly username: string }): string {
  return row.username;
}
