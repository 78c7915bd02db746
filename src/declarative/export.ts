import { allRows, idOf, nameOf } from "../admin/all-rows.ts";
import { clientEntryOf, userEntryOf } from "../admin/registry-rows.ts";
import type { Registry } from "../storage/registry.ts";
import { escapeVariables } from "./file-variables.ts";

/**
 * Writes every client and user in the format that `apply` reads: records and never secrets, and the
 * ids of users, since tokens are for those. A page is read at a time.
 *
 * @returns pieces of JSON, each one or more whole lines
 * @throws Unavailable when D1 fails; what was written until then is no valid JSON
 */
export async function* exportRegistry(registry: Registry): AsyncGenerator<string> {
  yield '{\n  "clients": [';
  yield* lines(
    allRows((page) => registry.listClients(page), idOf),
    clientEntryOf,
  );
  yield '],\n  "users": [';
  yield* lines(
    allRows((page) => registry.listUsers(page), nameOf),
    userEntryOf,
  );
  yield "]\n}\n";
}

async function* lines<Row>(
  rows: AsyncIterable<Row>,
  entryOf: (row: Row) => object,
): AsyncGenerator<string> {
  let separator = "\n    ";
  for await (const row of rows) {
    yield separator + JSON.stringify(escapeVariables(entryOf(row)));
    separator = ",\n    ";
  }
  if (separator.startsWith(",")) yield "\n  ";
}
