import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServerSandbox } from "../support/server-sandbox.ts";
import { crash } from "./crash.ts";

/** A user has no more browser sessions than 100, and a repeated sign-in makes another one. */
const BROWSERS = 90;

const FAMILIES = 100;

/** A run has several processes, each of which starts slowly on a busy machine. */
const TIMEOUT_MS = 300_000;

const RUNS = [
  { mode: "reject", kills: 3, title: "an Idempotency-Key" },
  { mode: "same-successor", kills: 2, title: "same-successor" },
  { mode: "reject", kills: 2, title: "an Idempotency-Key, and tokens of another server" },
  { mode: "same-successor", kills: 2, title: "same-successor, and tokens of another server" },
  { mode: "reject", kills: 4, title: "codes and an Idempotency-Key" },
  { mode: "same-successor", kills: 4, title: "codes and no Idempotency-Key" },
] as const;

describe("workerd killed during many refreshes and exchanges", () => {
  let sandbox: ServerSandbox;
  beforeAll(async () => {
    sandbox = await ServerSandbox.create();
  });
  afterAll(() => sandbox.remove());

  const title = "with $title no generation forks and no client loses its session";
  test.for(RUNS)(title, { timeout: TIMEOUT_MS }, async (run) => {
    // A failure shows the seed: `npm run test:proofs -- crash --size soak --seed SEED` makes the same decisions.
    const seed = Date.now() % 1_000_000;
    const isImported = run.title.includes("another server");
    const isByCode = run.title.includes("codes");
    const plan = { ...run, seed, families: isByCode ? BROWSERS : FAMILIES, isImported, isByCode };
    const report = await crash(sandbox, plan);
    expect(report).toMatchObject({ seed, kills: run.kills, violations: [] });
  });
});
