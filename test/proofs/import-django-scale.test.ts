import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expect, test } from "vitest";
import {
  accessToken,
  application,
  type DumpRow,
  djangoRecord,
  refreshToken,
  user,
} from "../support/django-dump.ts";
import { importedState } from "../support/imported-state.ts";
import { ownDir, ownState } from "../support/own-state.ts";
import { run } from "../support/processes.ts";

/** How many users the site has; each is logged in. `IMPORT_USERS=100000` for the long proof. */
const USERS = Number(process.env["IMPORT_USERS"] ?? 2000);

/** How long it may take on a busy machine, in milliseconds. */
const IMPORT_MS_MAX = 120_000 + USERS * 12;

/** Memory for the objects of the command, in MB; wrangler alone takes half of that. */
const HEAP_MB = USERS > 2000 ? 256 : 144;

const dir = ownDir();
const stateDir = ownState();

/** The rows of a site, those of tokens first. */
function* rowsOfSite(): Generator<DumpRow> {
  // A small site is padded, so that it never fits into the memory.
  const own = {
    password: djangoRecord("one for all"),
    biography: "x".repeat(USERS > 2000 ? 1000 : 30_000),
  };
  for (let pk = 1; pk <= USERS; pk += 1) {
    yield refreshToken(pk, { user: pk });
    yield accessToken(pk, { user: pk });
    const email = `user-number-${pk}@example.com`;
    yield user(pk, email, { ...own, email });
  }
  yield application(1, "shop");
}

function* textsOf(rows: Iterable<DumpRow>): Generator<string> {
  let separator = "[";
  for (const row of rows) {
    yield `${separator}${JSON.stringify(row)}`;
    separator = ",\n";
  }
  yield "]";
}

test(
  "cli import django imports a site of many users in little memory",
  async () => {
    const file = join(dir, "site.json");
    await pipeline(Readable.from(textsOf(rowsOfSite())), createWriteStream(file));
    const heap = `--max-old-space-size=${HEAP_MB}`;
    const words = ["import", "django", file, "--persist-to", stateDir, "--json"];
    const options = { env: { IMPORTED_TOKENS: "on" } };
    const ended = await run(process.execPath, [heap, "src/cli/main.ts", ...words], options);
    expect(ended.stderr).toMatch(/^(?:Reading the dump twice.*\n)*$/);
    expect(ended.code).toBe(0);
    const taken = { taken: USERS, changed: 0, unchanged: 0, refused: 0 };
    expect(JSON.parse(ended.stdout)).toMatchObject({
      users: taken,
      refresh_tokens: taken,
      access_tokens: taken,
    });
    const { users, refreshTokens, accessTokens } = importedState(stateDir);
    expect([users, refreshTokens, accessTokens].map((rows) => rows.length)).toEqual([
      USERS,
      USERS,
      USERS,
    ]);
  },
  IMPORT_MS_MAX,
);
