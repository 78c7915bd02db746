import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { beforeAll, expect, test } from "vitest";
import { codeOf, newBrowser, type TestBrowser } from "../support/browsing.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { keyId, keySet, newKey } from "../support/keys.ts";
import {
  authorizeOpenId,
  changeRelyingParty,
  exchangeAsParty,
  GRACE,
  get,
  ISSUER,
  RELYING_PARTY,
  registerRelyingParty,
  signInWithOpenId,
} from "../support/relying-party.ts";
import type { Stage } from "../support/rotation.ts";
import { createService, type Service } from "../support/service.ts";

// The steps of docs/operations.md, each rolled out while old and new isolates run side by side.

const STEP_MINUTES = 5;

/** How long a client keeps the published keys: as long as an operator waits after `key add`. */
const CACHE_MS = 15 * 60_000;

/** How long an ID token is valid. */
const LIFETIME_MS = 3_600_000;

const [access, old, fresh] = [await newKey(), await newKey("RS256"), await newKey("RS256")];
const [before, added] = [keySet(access, old), keySet(access, old, fresh)];
const [promoted, retired] = [keySet(access, fresh, old), keySet(access, fresh)];

beforeAll(async () => {
  await registerRelyingParty(createService());
  await changeRelyingParty("grant_types", "authorization_code refresh_token password");
});
stopClock();

/** Keys as a client fetched them. */
interface Fetched {
  readonly keys: ReturnType<typeof createLocalJWKSet>;
  readonly atMs: number;
}

/** An ID token as a client received it. */
interface Received {
  readonly idToken: string;
  readonly atMs: number;
}

async function fetchKeys(isolate: Service): Promise<Fetched> {
  const { text } = await get(isolate, "/o/.well-known/jwks.json");
  return { keys: createLocalJWKSet(JSON.parse(text) as JSONWebKeySet), atMs: Date.now() };
}

async function isVerified(idToken: string, { keys }: Fetched): Promise<boolean> {
  const checks = { issuer: ISSUER, audience: "relying-party", currentDate: new Date() };
  return jwtVerify(idToken, keys, checks).then(
    () => true,
    () => false,
  );
}

type Tokens = Record<"id_token" | "refresh_token", string>;

/** Gets ID tokens in every way at once. @param login what the isolate refreshes, and keeps */
async function receive(
  isolate: Service,
  { cookies }: TestBrowser,
  login: { refresh_token: string },
): Promise<string[]> {
  const browser = newBrowser(isolate);
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  const signIn = async () => {
    const redirect = await authorizeOpenId(browser, { prompt: "none" });
    return (await exchangeAsParty(isolate, codeOf(redirect))).body;
  };
  const ask = async (fields: Record<string, string>) =>
    (await isolate.token<Tokens>(fields, RELYING_PARTY)).body;
  const [byCode, byPassword, byRefresh] = await Promise.all([
    signIn(),
    ask({ grant_type: "password", scope: "openid", ...GRACE }),
    ask({ grant_type: "refresh_token", refresh_token: login.refresh_token }),
  ]);
  login.refresh_token = byRefresh.refresh_token;
  return [byCode["id_token"], byPassword.id_token, byRefresh.id_token].map(String);
}

/**
 * Goes through the stages. Each ID token is verified at once with every set of keys that a client
 * may have cached, and until it expires with the keys that are published.
 */
async function rotate(stages: readonly Stage[]) {
  const report = { received: 0, failed: 0, signedBy: new Set<string>() };
  const isolates = new Map<string, Service>();
  const isolateOf = (SIGNING_KEYS: string) => {
    const isolate = isolates.get(SIGNING_KEYS) ?? createService({ SIGNING_KEYS });
    isolates.set(SIGNING_KEYS, isolate);
    return isolate;
  };
  const verifyAll = async (tokens: readonly Received[], caches: readonly Fetched[]) => {
    const pairs = tokens.flatMap(({ idToken }) => caches.map((keys) => isVerified(idToken, keys)));
    report.failed += (await Promise.all(pairs)).filter((verified) => !verified).length;
  };
  const first = isolateOf(before);
  const { browser } = await signInWithOpenId(first);
  const logins: { refresh_token: string }[] = [];
  for (const _ of ["one isolate", "the other"]) {
    const { body } = await signInWithOpenId(first, {}, browser);
    logins.push({ refresh_token: String(body["refresh_token"]) });
  }
  let [caches, live]: [Fetched[], Received[]] = [[], []];
  for (const { settings, minutes } of stages) {
    const running = settings.map(isolateOf);
    for (let minute = 0; minute < minutes; minute += STEP_MINUTES) {
      const published = await Promise.all(running.map(fetchKeys));
      const now = Date.now();
      caches = [...caches.filter(({ atMs }) => now - atMs < CACHE_MS), ...published];
      live = live.filter(({ atMs }) => now - atMs < LIFETIME_MS);
      const batches = running.map((isolate, index) => {
        return receive(isolate, browser, logins[index] ?? { refresh_token: "" });
      });
      const received = (await Promise.all(batches)).flat().map((idToken) => {
        return { idToken, atMs: now };
      });
      for (const { idToken } of received) {
        report.signedBy.add(String(decodeProtectedHeader(idToken).kid));
      }
      report.received += received.length;
      await verifyAll(received, caches);
      await verifyAll(live, published);
      live.push(...received);
      passSeconds(STEP_MINUTES * 60);
    }
  }
  return report;
}

test("every ID token is verifiable with all keys that a client may have, step by step", {
  timeout: 120_000,
}, async () => {
  const report = await rotate([
    { settings: [before], minutes: 20 },
    { settings: [before, added], minutes: 5 },
    { settings: [added], minutes: 15 },
    { settings: [added, promoted], minutes: 5 },
    { settings: [promoted], minutes: 60 },
    { settings: [promoted, retired], minutes: 5 },
    { settings: [retired], minutes: 20 },
  ]);
  const signedBy = new Set([await keyId(old), await keyId(fresh)]);
  expect(report).toEqual({ received: 29 * 3, failed: 0, signedBy });
});

test.each([
  ["is promoted at once", [[before], [before, added], [added, promoted], [promoted]]],
  ["signs before it is published", [[before], [before, retired], [retired]]],
  ["replaces one that has signed within the hour", [[before], [added], [promoted], [retired]]],
])("some are not when a key %s", { timeout: 120_000 }, async (_, settings) => {
  const { failed } = await rotate(settings.map((some) => ({ settings: some, minutes: 20 })));
  expect(failed).toBeGreaterThan(0);
});
