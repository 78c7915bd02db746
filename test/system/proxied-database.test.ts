import { expect, test } from "vitest";
import { withDatabase } from "../../src/cli/bindings.ts";
import { openLocalDatabase } from "../support/local-database.ts";
import { ownState } from "../support/own-state.ts";

const stateDir = ownState();

const HELD_MS = 300;
const DISABLE = "UPDATE clients SET disabled = 1 WHERE client_id = ?";

/** Sends a query while another process locks the file, as the running service does briefly. */
async function askWhileHeld(ask: () => Promise<unknown>): Promise<unknown> {
  const other = openLocalDatabase(stateDir);
  other.exec("BEGIN IMMEDIATE");
  setTimeout(() => {
    other.exec("COMMIT");
    other.close();
  }, HELD_MS);
  return ask().catch((error: Error) => error);
}

test("a command waits for the running service to unlock the file", async () => {
  await withDatabase({ stateDir, remote: false }, async (db) => {
    const statement = () => db.prepare(DISABLE).bind("nobody");
    expect(await askWhileHeld(() => statement().run())).toMatchObject({ success: true });
    expect(await askWhileHeld(() => db.batch([statement(), statement()]))).toHaveLength(2);
  });
});

test("an invalid statement fails at once", async () => {
  await withDatabase({ stateDir, remote: false }, (db) => {
    return expect(db.prepare("SELECT absent").all()).rejects.toThrow("no such column");
  });
});
