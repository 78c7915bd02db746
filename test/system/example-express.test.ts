import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { type Claims, hmacSigner, readJws, signer, unsigned, writeJws } from "../support/jws.ts";
import { listenWith } from "../support/listening.ts";
import * as api from "../support/resource-servers/example-api.ts";
import { isListening, type RunningCommand, startCommand } from "../support/running-command.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";
import { freePort } from "../support/server.ts";
import { tokenOf } from "../support/wire.ts";

let service: RunningService;
let key: JWK;
let example: RunningCommand;
let things: string;

/** The issuer, in front of the service: it serves the keys only, and not always. */
let areKeysServed = true;
const issuer = await listenWith(async (request, response) => {
  if (!areKeysServed) return void response.writeHead(503).end();
  response.end(await (await fetch(service.origin + request.url)).text());
});

async function newPrivateKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: "ES256" };
}

beforeAll(async () => {
  key = await newPrivateKey();
  const audience = [api.AUDIENCE, api.OTHER_AUDIENCE];
  const clients = [
    { client_id: "web", client_secret: "secret", access_token_format: "jwt", audience },
    { client_id: "opaque", client_secret: "secret", audience },
  ];
  const users = [{ username: "ada", password: "correct horse" }];
  const vars = { SIGNING_KEYS: JSON.stringify({ keys: [key] }), ISSUER: issuer.origin };
  service = await startRunningService({ clients, users }, vars);
  const port = await freePort();
  things = `http://127.0.0.1:${port}/things`;
  example = await startCommand(
    process.execPath,
    [join(PROJECT_DIR, "examples/express/server.mjs")],
    {
      env: { ISSUER: issuer.origin, AUDIENCE: api.AUDIENCE, PORT: String(port) },
      isReady: () => isListening(port),
    },
  );
});

afterAll(async () => {
  await example?.stop();
  await service?.stop();
  await issuer.stop();
});

async function logIn(fields: Record<string, string> = {}, client = "web"): Promise<string> {
  const login = { grant_type: "password", username: "ada", password: "correct horse" };
  return (await tokenOf(service.origin, `${client}:secret`, { ...login, ...fields })).access_token;
}

/** A token of the service with other headers and claims, signed with its own key by default. */
async function forged(header: Claims, claims: Claims = {}, sign = signer(key)): Promise<string> {
  const genuine = readJws(await logIn());
  return writeJws({ ...genuine.header, ...header }, { ...genuine.payload, ...claims }, sign);
}

test("while the keys are unavailable, no token is reported invalid", async () => {
  areKeysServed = false;
  const answer = await api.callAs(await logIn(), things);
  areKeysServed = true;
  expect(answer).toMatchObject(api.UNAVAILABLE);
});

test("a token for this API, with the scope, is accepted", async () => {
  for (const token of [await logIn(), await forged({})]) {
    const answer = await api.callAs(token, things);
    expect(answer).toMatchObject(api.GOOD);
    expect(JSON.parse(answer.body).subject).toMatch(/^[\da-f-]{36}$/);
  }
});

const nowSeconds = Math.floor(Date.now() / 1000);

/** Each differs in one thing, so that each needs a check of its own. */
const INVALID: Readonly<Record<string, () => Promise<string>>> = {
  "for another API": () => logIn({ resource: api.OTHER_AUDIENCE }),
  "that is opaque": () => logIn({}, "opaque"),
  "signed by a key that is not in the set": async () =>
    forged({}, {}, signer(await newPrivateKey())),
  "with a key id that is not in the set": () => forged({ kid: "unknown" }),
  "that is another kind of JWT": () => forged({ typ: "JWT" }),
  "of another issuer": () => forged({}, { iss: "https://evil.example.com" }),
  "that has expired": () => forged({}, { exp: nowSeconds - 1 }),
  "that is not valid yet": () => forged({}, { nbf: nowSeconds + 3600 }),
  "without a signature": () => forged({ alg: "none" }, {}, unsigned),
  "with a shared secret": () => forged({ alg: "HS256" }, {}, hmacSigner(new Uint8Array(32))),
  ...Object.fromEntries(
    ["aud", "exp", "iat", "sub", "client_id", "jti"].map((claim) => {
      return [`without ${claim}`, () => forged({}, { [claim]: undefined })];
    }),
  ),
};

test.each(Object.entries(INVALID))("a token %s is rejected", async (_, make) => {
  expect(await api.callAs(await make(), things)).toMatchObject(api.INVALID_TOKEN);
});

test("without the scope of the route the token is rejected there", async () => {
  const token = await logIn({ scope: "read" });
  const answer = await api.callAs(token, things, { method: "DELETE" });
  expect(answer).toMatchObject(api.INSUFFICIENT_SCOPE);
  expect(await api.callAs(await logIn(), things, { method: "DELETE" })).toMatchObject(api.GOOD);
});

test("without a token in the header the challenge names the scheme and no error", async () => {
  for (const url of [things, `${things}?access_token=${await logIn()}`]) {
    expect(await api.callWith(null, url)).toMatchObject({ ...api.NO_CREDENTIALS, body: "" });
    expect(await api.callWith("Basic YTpi", url)).toMatchObject(api.NO_CREDENTIALS);
  }
});

describe("an invalid request is the token", () => {
  test.each(["", "two tokens", "a,b", "a\tb"])("'%s'", async (token) => {
    expect(await api.callAs(token, things)).toMatchObject(api.INVALID_REQUEST);
  });
});
