/**
 * A test of another project, which runs its API in Node: `test/system/package.test.ts` copies it to
 * where the package is installed.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Hono } from "hono";
import { bearer, createJwksVerifier, type Verifier } from "tollgate/bearer";
import { createTestIssuer, type TestIssuer, type TestTokenOptions } from "tollgate/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

const AUDIENCE = "https://api.example.com";

const app = new Hono<{ Bindings: { TOKENS: Verifier } }>();
const guard = bearer({ scope: "read", audience: AUDIENCE, verifier: ({ env }) => env.TOKENS });
app.get("/things", guard, (context) => context.json({ subject: context.get("token").subject }));

let issuer: TestIssuer;
let TOKENS: Verifier;
const server = createServer((_, response) => response.end(JSON.stringify(issuer.jwks)));

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  issuer = await createTestIssuer(origin);
  TOKENS = createJwksVerifier({ issuer: origin, audience: AUDIENCE });
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function statusOf(options: Partial<TestTokenOptions>): Promise<number> {
  const token = await issuer.token({ audience: AUDIENCE, scope: "read", ...options });
  const headers = { Authorization: `Bearer ${token}` };
  return (await app.request("/things", { headers }, { TOKENS })).status;
}

test.each<[name: string, status: number, options: Partial<TestTokenOptions>]>([
  ["a good token", 200, {}],
  ["one without the scope", 403, { scope: "write" }],
  ["an expired one", 401, { ageSeconds: 7200 }],
  ["one for another API", 401, { audience: "https://other.example.com" }],
])("%s gets %s", async (_, status, options) => {
  expect(await statusOf(options)).toBe(status);
});
