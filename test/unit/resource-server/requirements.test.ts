import { describe, expect, test } from "vitest";
import { bearer, createJwksVerifier } from "../../../src/resource-server/bearer.ts";
import { decide, type Requirements } from "../../../src/resource-server/verification.ts";
import {
  createTestIssuer,
  fakeToken,
  revokedToken,
  unavailableToken,
} from "../../../src/testing/index.ts";
import { FakeTokenVerifier } from "../../../src/testing/worker.ts";

const ISSUER = "https://login.example.com";
const TOKEN = {
  clientId: "client",
  subject: "user",
  scope: ["read"],
  audience: null,
  claims: {},
  expiresAt: 1,
};

/** What a caller without types may send by mistake, and what it is told. */
const UNKNOWN: readonly [unknown, string][] = [
  [{ consistency: "Strict" }, 'consistency must be "fast" or "strict"'],
  [{ consistency: "" }, 'consistency must be "fast" or "strict"'],
  [{ consistency: undefined }, 'consistency must be "fast" or "strict"'],
  [{ Consistency: "strict" }, 'unknown requirement "Consistency"'],
  [{ scopes: "read" }, 'unknown requirement "scopes"'],
  [{ scope: "read", aud: "api" }, 'unknown requirement "aud"'],
  [{ scope: ["read"] }, "scope must be a string"],
  [{ ["__proto__"]: "x" }, 'unknown requirement "__proto__"'],
  [null, "the requirements must be an object"],
  ["strict", "the requirements must be an object"],
  [["read"], "the requirements must be an object"],
];

describe("a requirement that is unknown passes for none nowhere:", () => {
  test.each(UNKNOWN)("%j", async (requirements, problem) => {
    const refused = { kind: "unavailable", problem: expect.stringContaining(problem) };
    const odd = requirements as Requirements;
    expect(decide(TOKEN, odd)).toEqual(refused);
    expect(await FakeTokenVerifier.prototype.verify(fakeToken(), odd)).toEqual(refused);
    const verifier = createJwksVerifier({ issuer: ISSUER, audience: "api" });
    expect(await verifier.verify("x", odd)).toEqual(refused);
  });

  test("and no route is guarded by it", () => {
    const verifier = () => createJwksVerifier({ issuer: ISSUER, audience: "api" });
    const options = { verifier, scopes: "read" };
    expect(() => bearer(options)).toThrow('unknown requirement "scopes"');
  });
});

/** As a caller without types, or a missing variable of the environment, has them. */
const VALUELESS: readonly [string, unknown][] = [
  ["an audience that is undefined", { audience: undefined }],
  ["an audience that is null", { audience: null }],
  ["an audience that is empty", { audience: "" }],
  ["a scope that is undefined", { scope: undefined }],
  ["a scope that is null", { scope: null }],
];

describe("a requirement that is named and has no value passes for none nowhere:", () => {
  test.each(VALUELESS)("%s", (_, requirements) => {
    expect(decide(TOKEN, requirements as Requirements)).toMatchObject({ kind: "unavailable" });
    const verifier = () => createJwksVerifier({ issuer: ISSUER, audience: "api" });
    expect(() => bearer({ verifier, ...(requirements as Requirements) })).toThrow(TypeError);
  });

  test("nothing named is nothing required", () => {
    expect(decide(TOKEN, {})).toEqual({ kind: "verified", token: TOKEN });
  });

  test.each([
    ["audience", { issuer: ISSUER }],
    ["audience", { issuer: ISSUER, audience: "" }],
    ["issuer", { audience: "api", jwksUrl: `${ISSUER}/keys` }],
  ])("a verifier over JWKS is not built without its %s", (_, options) => {
    expect(() => createJwksVerifier(options as { issuer: string; audience: string })).toThrow(
      TypeError,
    );
  });
});

describe("a token that names no API is for none:", () => {
  const required = { audience: "https://api.example.com", scope: "read" };

  test("by the decision that every verifier makes", () => {
    expect(decide(TOKEN, required)).toEqual({ kind: "invalid_token" });
    const token = { ...TOKEN, audience: required.audience };
    expect(decide(token, required)).toEqual({ kind: "verified", token });
  });

  test("by the fake verifier", async () => {
    const { verify } = FakeTokenVerifier.prototype;
    expect(await verify(fakeToken({ scope: ["read"] }), required)).toEqual({
      kind: "invalid_token",
    });
  });
});

test("a realm that would end its quotation is refused", () => {
  const verifier = () => createJwksVerifier({ issuer: ISSUER, audience: "api" });
  expect(() => bearer({ verifier, realm: 'a", error="b' })).toThrow(TypeError);
});

describe("the fake verifier", () => {
  const { verify } = FakeTokenVerifier.prototype;

  test.each([
    ["a token that is none", 7],
    ["JSON that is no object", "fake.MQ"],
    ["the revoked token", revokedToken],
  ])("finds %s invalid", async (_, token) => {
    expect(await verify(token as string)).toEqual({ kind: "invalid_token" });
  });

  test("finds a JWT invalid", async () => {
    const issuer = await createTestIssuer(ISSUER);
    const verification = await verify(await issuer.token({ audience: "api" }));
    expect(verification).toEqual({ kind: "invalid_token" });
  });

  test("can be made to fail, so that an API can test its 503", async () => {
    expect(await verify(unavailableToken)).toEqual({ kind: "unavailable" });
  });

  test("holds a token against what is required", async () => {
    const token = fakeToken({ scope: ["read"] });
    expect(await verify(token, { scope: "read" })).toMatchObject({ kind: "verified" });
    expect(await verify(token, { scope: "write" })).toMatchObject({ kind: "insufficient_scope" });
  });
});
