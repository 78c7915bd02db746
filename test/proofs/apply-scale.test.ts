import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { djangoRecord } from "../support/django-dump.ts";
import { openLocalDatabase } from "../support/local-database.ts";
import { ownDir, ownState } from "../support/own-state.ts";
import { cli } from "../support/processes.ts";
import { startCommand } from "../support/running-command.ts";

/** How many clients and how many users: as many as a file may have. */
const ENTRIES = 10_000;

/** How long both runs may take on a busy machine, in milliseconds. */
const APPLY_MS_MAX = 15 * 60_000;

const dir = ownDir();
const stateDir = ownState();

/** How many of the file's entries local state has. */
function countWritten(): number {
  const database = openLocalDatabase(stateDir);
  try {
    const query = `SELECT (SELECT count(*) FROM clients WHERE client_id GLOB 'many-*')
      + (SELECT count(*) FROM users WHERE username GLOB 'many-*') AS written`;
    return Number(database.prepare(query).get()?.["written"]);
  } finally {
    database.close();
  }
}

test(
  `cli apply adds ${ENTRIES} clients and ${ENTRIES} users, and continues after a kill`,
  async () => {
    const record = djangoRecord("one for all");
    const numbers = Array.from({ length: ENTRIES }, (_, index) => index);
    const file = join(dir, "accounts.json");
    const entries = {
      clients: numbers.map((n) => ({ client_id: `many-${n}`, secret_record: record })),
      users: numbers.map((n) => ({ username: `many-${n}`, password_record: record })),
    };
    writeFileSync(file, JSON.stringify(entries));

    const words = ["apply", file, "--persist-to", stateDir, "--json"];
    const first = await startCommand(process.execPath, ["src/cli/main.ts", ...words], {
      isReady: () => countWritten() > 0,
    });
    first.kill();
    await first.running.ended;
    const written = countWritten();
    expect(written).toBeLessThan(2 * ENTRIES);

    const { code, stdout, stderr } = await cli(...words);
    expect(stderr).toMatch(/^(?:Checking and writing clients and users: \d+ %\n)*$/);
    expect(code).toBe(0);
    const { changes } = JSON.parse(stdout) as { changes: { change: string }[] };
    const count = (change: string) => changes.filter((one) => one.change === change).length;
    expect([count("unchanged"), count("created")]).toEqual([written, 2 * ENTRIES - written]);
    expect(countWritten()).toBe(2 * ENTRIES);
  },
  APPLY_MS_MAX,
);
