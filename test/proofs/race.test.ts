import { Agent } from "node:http";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf, newBrowser, obtainCode, serviceAt } from "../support/browsing.ts";
import { ServerSandbox } from "../support/server-sandbox.ts";
import { CONFIDENTIAL, fieldsOf, postToken } from "../support/token-client.ts";
import type { WorkerdProcess } from "../support/workerd-process.ts";
import { type RaceRules, race } from "./race.ts";

const USES = 500;
const EXCHANGES = 1000;

const REJECTED = { status: 400, body: { error: "invalid_grant" } };

/** How often a form is submitted at once. */
const SUBMITS = 20;

/** One process serves all races of a mode. */
const MODES = ["reject", "same-successor"] as const;

interface Race {
  readonly title: string;
  readonly mode: (typeof MODES)[number];
  readonly rules: RaceRules;
}

const RACES: readonly Race[] = [
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

const CODE_RACES: readonly Race[] = [
  {
    title: "lets exactly one succeed, and its family remains valid",
    mode: "same-successor",
    rules: { promise: "one-success" },
  },
  {
    title: "with one Idempotency-Key returns the same tokens to all",
    mode: "same-successor",
    rules: { promise: "one-successor", idempotencyKey: "a retry" },
  },
];

const ORIGINS = ["a login", "another server"] as const;

let sandbox: ServerSandbox;
let imported: string[];
beforeAll(async () => {
  // Long enough for the slowest machine to respond to all of them.
  const seconds = { REFRESH_RETRY_WINDOW_SECONDS: 600, AUTHORIZATION_CODE_TTL_SECONDS: 600 };
  sandbox = await ServerSandbox.create({ ...seconds, IMPORTED_TOKENS: "on" });
  imported = await sandbox.importTokens(RACES.length, "confidential");
});
afterAll(() => sandbox.remove());

describe.each(MODES)("under %s,", (mode) => {
  const client_id = "confidential";
  let server: WorkerdProcess;
  beforeAll(async () => {
    server = await sandbox.start({ REFRESH_RETRY: mode });
  });
  afterAll(() => server.kill());

  function ofMode(races: readonly Race[]): Race[] {
    return races.filter((one) => one.mode === mode);
  }

  describe.each(ORIGINS)(`${USES} simultaneous uses of one refresh token from %s:`, (origin) => {
    test.for(ofMode(RACES))("$title, and the family remains valid", async ({ rules }) => {
      const token = origin === "another server" ? imported.pop() : undefined;
      const own = token === undefined ? rules : { ...rules, token };
      const report = await race(server.url, USES, own);
      expect(report).toMatchObject({ uses: USES, successors: 1, violations: [] });
    });
  });

  test.for(ofMode(CODE_RACES))(
    `${EXCHANGES} simultaneous exchanges of one authorization code: $title`,
    async ({ rules }) => {
      const token = await obtainCode(serviceAt(server.url), { client_id });
      const report = await race(server.url, EXCHANGES, { ...rules, token });
      expect(report).toMatchObject({ uses: EXCHANGES, successors: 1, violations: [] });
    },
  );

  // The mode is of refresh tokens: one is enough.
  if (mode === "reject") {
    test("one authorization request yields one login, however often its forms are submitted", async () => {
      const at = serviceAt(server.url);
      const browser = newBrowser(at);
      const repeat = <Result>(work: () => Promise<Result>) =>
        Promise.all(Array.from({ length: SUBMITS }, work));
      // Without `prompt`, a page of another session is not shown again once a consent is stored.
      const signInPage = await browser.authorize({ client_id, prompt: "consent" });
      const consentPages = await repeat(() => browser.signIn(signInPage));
      // Of simultaneous sign-ins, the browser may keep another cookie than the service. After one
      // more both have the same, and the pages of the others are shown again.
      consentPages.push(await browser.signIn(signInPage));
      const shown = await Promise.all(consentPages.map(browser.allow));
      const again = shown.find(({ text }) => text.includes('name="decision"'));
      if (again === undefined) throw new Error("every page was accepted");
      shown.push(...(await repeat(() => browser.allow(again))));
      await setTimeout(2);
      shown.push(await browser.allow(again));
      const codes = new Set(shown.filter(({ location }) => location !== null).map(codeOf));
      expect(codes.size).toBeGreaterThan(1);
      const all = [...codes].flatMap((code) => [code, code]);
      const exchanges = all.map((code) => exchangeAt(server.url, code));
      const statuses = (await Promise.all(exchanges)).map((reply) => reply?.status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      for (const code of codes) expect(await exchangeAt(server.url, code)).toMatchObject(REJECTED);
    });
  }
});

function exchangeAt(url: string, code: string) {
  const agent = new Agent();
  return postToken({ url, agent, fields: fieldsOf(code), headers: CONFIDENTIAL });
}
