import { Agent } from "node:http";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
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

const CODE_RACES: typeof RACES = [
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

describe("one authorization request", () => {
  const client_id = "confidential";
  let sandbox: ServerSandbox;
  let server: WorkerdProcess;
  beforeAll(async () => {
    sandbox = await ServerSandbox.create({ REFRESH_RETRY_WINDOW_SECONDS: 600 });
  });
  afterEach(() => server.kill());
  afterAll(() => sandbox.remove());

  test.for(CODE_RACES)(
    `${EXCHANGES} simultaneous exchanges of its code: $title`,
    async ({ mode, rules }) => {
      server = await sandbox.start({ REFRESH_RETRY: mode, AUTHORIZATION_CODE_TTL_SECONDS: 600 });
      const token = await obtainCode(serviceAt(server.url), { client_id });
      const report = await race(server.url, EXCHANGES, { ...rules, token });
      expect(report).toMatchObject({ uses: EXCHANGES, successors: 1, violations: [] });
    },
  );

  test("yields one login, however often its forms are submitted at once and after going back", async () => {
    server = await sandbox.start();
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
});

function exchangeAt(url: string, code: string) {
  const agent = new Agent();
  return postToken({ url, agent, fields: fieldsOf(code), headers: CONFIDENTIAL });
}
