import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { temporaryDir } from "../support/server.ts";
import { buildWorker } from "../support/workerd-options.ts";

/**
 * As large as it is today, in KiB: what makes it larger should be worth it. 17 KiB (5 KiB
 * compressed) are the texts of the error catalogue, which only docs/errors.md and `explain` use: it
 * is worth that to have everything about a reason in one row.
 */
const KIB_MAX = 270;

const { path: workerDir, remove } = temporaryDir();
afterAll(remove);

test("the Worker is no larger than it was", () => {
  buildWorker(workerDir);
  expect(statSync(join(workerDir, "index.js")).size / 1024).toBeLessThan(KIB_MAX);
});
