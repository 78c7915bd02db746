import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWithDebian } from "../support/debian.ts";
import { type Claims, hmacSigner, readJws, signer, unsigned, writeJws } from "../support/jws.ts";
import { ownDir } from "../support/own-state.ts";
import { AUDIENCE, OTHER_AUDIENCE } from "../support/resource-servers/example-api.ts";
import { failsIntegrityCheck } from "../support/resource-servers/integrity-check.ts";
import {
  GUIDES,
  type GuideApi,
  writeGuides,
} from "../support/resource-servers/resource-server-guides.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";
import { tokenOf } from "../support/wire.ts";

const METADATA_PATH = "/.well-known/oauth-protected-resource";
const dir = ownDir();
let service: RunningService;
let issuer: string;
let key: JWK;
let rsaKey: JWK;

/** The issuer, in front of the service: it serves the keys only, and neither always nor to all. */
let areKeysServed = true;
const front = createServer(async (request, response) => {
  if (failsIntegrityCheck(request)) response.writeHead(403).end();
  else if (areKeysServed) response.end(await (await fetch(service.origin + request.url)).text());
  else response.writeHead(503).end();
});

async function newPrivateKey(alg: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg };
}

beforeAll(async () => {
  writeGuides(dir);
  await new Promise<void>((listening) => front.listen(0, "127.0.0.1", listening));
  issuer = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  [key, rsaKey] = [await newPrivateKey("ES256"), await newPrivateKey("RS256")];
  const grants = { grant_types: ["client_credentials"], scope: "read write" };
  const own = { client_secret: "secret", audience: [AUDIENCE, OTHER_AUDIENCE], ...grants };
  const clients = [
    { ...own, client_id: "web", access_token_format: "jwt" },
    { ...own, client_id: "opaque" },
  ];
  const vars = { SIGNING_KEYS: JSON.stringify({ keys: [key, rsaKey] }), ISSUER: issuer };
  service = await startRunningService({ clients }, vars);
});
afterAll(async () => {
  front.closeAllConnections();
  front.close();
  await service?.stop();
});

async function tokenFor(fields: Record<string, string> = {}, client = "web"): Promise<string> {
  const grant = { grant_type: "client_credentials", ...fields };
  return (await tokenOf(service.origin, `${client}:secret`, grant)).access_token;
}

/** A token with other headers and claims, signed with the service's own key unless another is given. */
async function forged(header: Claims, claims: Claims = {}, sign = signer(key)): Promise<string> {
  const genuine = readJws(await tokenFor());
  return writeJws({ ...genuine.header, ...header }, { ...genuine.payload, ...claims }, sign);
}

async function rsaKeyId(): Promise<string> {
  const response = await fetch(`${service.origin}/o/.well-known/jwks.json`);
  const { keys } = (await response.json()) as { keys: { kty: string; kid: string }[] };
  return keys.find(({ kty }) => kty === "RSA")?.kid ?? "";
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

const INVALID: readonly [string, () => Promise<string>][] = [
  ["for another API", () => tokenFor({ resource: OTHER_AUDIENCE })],
  ["that is opaque", () => tokenFor({}, "opaque")],
  ["that is no token", async () => "a.b.c"],
  ["that has expired", () => forged({}, { exp: nowSeconds() - 1 })],
  ["that never expires", () => forged({}, { exp: undefined })],
  ["of another issuer", () => forged({}, { iss: "https://other.example.com" })],
  ["without a client", () => forged({}, { client_id: undefined })],
  ["of another type", () => forged({ typ: "JWT" })],
  ["of another key", async () => forged({}, {}, signer(await newPrivateKey("ES256")))],
  ["of an unknown key id", () => forged({ kid: "unknown" })],
  ["without a signature", () => forged({ alg: "none" }, {}, unsigned)],
  ["with a shared secret", () => forged({ alg: "HS256" }, {}, hmacSigner(new Uint8Array(32)))],
  ["with the id of a key of another type", async () => forged({ kid: await rsaKeyId() })],
];

describe.each(Object.entries(GUIDES))("the guide for", (name, { packages, start }) => {
  describeWithDebian(packages, name, () => {
    let api: GuideApi;
    beforeAll(async () => {
      api = await start(dir, { ISSUER: issuer, RESOURCE: AUDIENCE });
    });
    afterAll(() => api?.stop());

    /** Calls the API with a token in the header. @returns the status and the challenge */
    async function call(
      authorization?: string,
      method = "GET",
      query = "",
    ): Promise<{ status: number }> {
      const headers: HeadersInit = authorization ? { Authorization: authorization } : {};
      const { status, headers: sent } = await api.call(`/things${query}`, { method, headers });
      const challenge = sent.get("WWW-Authenticate") ?? "";
      const attributes = [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, k, v]) => [k, v]);
      return { status, scheme: challenge.split(" ")[0], ...Object.fromEntries(attributes) };
    }
    const challenged = (status: number, scope: string, error?: string) => ({
      status,
      scheme: "Bearer",
      scope,
      resource_metadata: AUDIENCE + METADATA_PATH,
      ...(error === undefined ? {} : { error }),
    });

    test("says nothing about a token while the keys cannot be fetched", async () => {
      areKeysServed = false;
      const answer = await call(`Bearer ${await tokenFor()}`);
      areKeysServed = true;
      expect(answer).toEqual({ status: 503, scheme: "" });
    });

    test("accepts a token for this API that has the scope", async () => {
      const headers = { Authorization: `bearer ${await tokenFor({ scope: "read" })}` };
      const response = await api.call("/things", { headers });
      expect(await response.json()).toMatchObject({ things: ["a", "b"] });
      expect(await call(`Bearer ${await tokenFor()}`, "DELETE")).toMatchObject({ status: 200 });
    });

    test("rejects a token without the scope, and names the scope", async () => {
      const token = await tokenFor({ scope: "read" });
      const expected = challenged(403, "write", "insufficient_scope");
      expect(await call(`Bearer ${token}`, "DELETE")).toMatchObject(expected);
    });

    test("challenges a request without a token in the header, without an error", async () => {
      const query = `?access_token=${await tokenFor()}`;
      const answers = [await call(), await call("Basic YTpi"), await call("", "GET", query)];
      for (const answer of answers) {
        expect(answer).toMatchObject(challenged(401, "read"));
        expect(answer).not.toHaveProperty("error");
      }
    });

    test.each(INVALID)("rejects a token %s", async (_, make) => {
      const { status, ...challenge } = challenged(401, "read", "invalid_token");
      const answer = await call(`Bearer ${await make()}`);
      expect(answer).toMatchObject({ status, ...challenge });
    });

    test("rejects two tokens in one header", async () => {
      const { status } = await call(`Bearer ${await tokenFor()} ${await tokenFor()}`);
      expect([400, 401]).toContain(status);
    });

    test("publishes its metadata to every page", async () => {
      const response = await api.call(METADATA_PATH);
      expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
      expect(await response.json()).toEqual({
        resource: AUDIENCE,
        authorization_servers: [issuer],
        scopes_supported: ["read", "write"],
        bearer_methods_supported: ["header"],
      });
    });
  });
});
