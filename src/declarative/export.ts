import { allRows, nameOf, operatorsClients } from "../admin/all-rows.ts";
import { clientEntryOf, userEntryOf } from "../admin/registry-rows.ts";
import type { Registry } from "../storage/registry.ts";
import { escapeVariables } from "./file-variables.ts";

/**
 * Exports all users, and all clients of operators, in the format of `apply`: hashes, never secrets,
 * and the ids of users, which tokens refer to. Reads page by page.
 *
 * @returns chunks of JSON
 * @throws Unavailable when D1 fails; the output so far is not valid JSON
 */
export async function* exportRegistry(registry: Registry): AsyncGenerator<string> {
  yield '{\n  "clients": [';
  yield* lines(operatorsClients(registry), clientEntryOf);
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
