import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as api from "../support/example-api.ts";
import { startExpressApi } from "../support/express-api.ts";

/** How a token differs from a valid one. */
interface Variation {
  readonly header?: Partial<JWTHeaderParameters>;
  /** Undefined omits a claim. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly signedBy?: "stranger";
}

const nowSeconds = Math.floor(Date.now() / 1000);

/** Each differs in one thing, so that each needs a check of its own. */
const VARIATIONS: Readonly<Record<string, Variation>> = {
  "a signature by a key that is not in the set": { signedBy: "stranger" },
  "a key id that is not in the set": { header: { kid: "unknown" } },
  "another kind of JWT": { header: { typ: "JWT" } },
  "another issuer": { claims: { iss: "https://evil.example.com" } },
  "another audience": { claims: { aud: api.OTHER_AUDIENCE } },
  "no audience": { claims: { aud: undefined } },
  "an exp in the past": { claims: { exp: nowSeconds - 1 } },
  "an nbf in the future": { claims: { nbf: nowSeconds + 3600 } },
  "no expiry": { claims: { exp: undefined } },
  "no time of issue": { claims: { iat: undefined } },
  "no subject": { claims: { sub: undefined } },
  "no client": { claims: { client_id: undefined } },
  "no id": { claims: { jti: undefined } },
};

let keyServer: Server;
let issuer: string;
let running: api.ExampleApi;
let keysAreThere = true;
const keys = { own: generateKeyPair("ES256"), stranger: generateKeyPair("ES256") };

beforeAll(async () => {
  const { publicKey } = await keys.own;
  const jwk = { ...(await exportJWK(publicKey)), kid: "own", alg: "ES256", use: "sig" };
  keyServer = createServer((_, response) => {
    response.statusCode = keysAreThere ? 200 : 503;
    response.end(JSON.stringify({ keys: [jwk] }));
  }).listen(0, "127.0.0.1");
  await new Promise((listening) => keyServer.once("listening", listening));
  issuer = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}`;
  running = await startExpressApi(issuer);
});

afterAll(async () => {
  await running?.stop();
  keyServer?.close();
});

async function write({ header, claims, signedBy }: Variation): Promise<string> {
  const dates = { iat: nowSeconds, exp: nowSeconds + 3600 };
  const names = { iss: issuer, aud: api.AUDIENCE, sub: "ada", client_id: "web", jti: "1" };
  const { privateKey } = await (signedBy === "stranger" ? keys.stranger : keys.own);
  return new SignJWT({ ...dates, ...names, scope: "read", ...claims })
    .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: "own", ...header })
    .sign(privateKey);
}

test("while the keys are unavailable, no token is reported invalid", async () => {
  keysAreThere = false;
  const answer = await api.callAs(await write({}), running.url);
  keysAreThere = true;
  expect(answer).toMatchObject(api.UNAVAILABLE);
});

test("a token that passes every check is accepted", async () => {
  expect(await api.callAs(await write({}), running.url)).toMatchObject(api.GOOD);
});

test.each(Object.entries(VARIATIONS))("%s is rejected", async (_, variation) => {
  expect(await api.callAs(await write(variation), running.url)).toMatchObject(api.INVALID_TOKEN);
});

test.each(["none", "HS256"])("the algorithm %s is rejected", async (alg) => {
  const header = JSON.stringify({ alg, typ: "at+jwt", kid: "own" });
  const [, payload] = (await write({})).split(".");
  const unsigned = `${Buffer.from(header).toString("base64url")}.${payload}.`;
  for (const token of [unsigned, `${unsigned}c2lnbmF0dXJl`]) {
    expect(await api.callAs(token, running.url)).toMatchObject(api.INVALID_TOKEN);
  }
});
