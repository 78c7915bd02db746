import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServerSandbox } from "../support/server-sandbox.ts";
import { type RaceRules, race } from "./race.ts";

const USES = 500;

const RACES: readonly { title: string; mode: string; rules: RaceRules }[] = [
  {
    title: "reject lets exactly one succeed",
    mode: "reject",
    rules: { promise: "one-success" },
  },
  {
    title: "reject returns the same successor to all with one Idempotency-Key",
    mode: "reject",
    rules: { promise: "one-successor", idempotencyKey: "two tabs" },
  },
  {
    title: "same-successor returns the same successor to all",
    mode: "same-successor",
    rules: { promise: "one-successor" },
  },
];

const ORIGINS = ["a login", "another server"] as const;

describe(`${USES} simultaneous uses of one refresh token`, () => {
  let sandbox: ServerSandbox;
  beforeAll(async () => {
    // Long enough for the slowest machine to respond to all of them.
    sandbox = await ServerSandbox.create({ REFRESH_RETRY_WINDOW_SECONDS: 600 });
  });
  afterAll(() => sandbox.remove());

  describe.each(ORIGINS)("that comes from %s", (origin) => {
    test.for(RACES)("$title, and the family remains valid", async ({ mode, rules }) => {
      const isImported = origin === "another server";
      const [token] = isImported ? await sandbox.importTokens(1, "confidential") : [];
      const server = await sandbox.start({ REFRESH_RETRY: mode, IMPORTED_TOKENS: "on" });
      try {
        const own = token === undefined ? rules : { ...rules, token };
        const report = await race(server.url, USES, own);
        expect(report).toMatchObject({ uses: USES, successors: 1, violations: [] });
      } finally {
        await server.kill();
      }
    });
  });
});
