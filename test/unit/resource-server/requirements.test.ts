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

/** What a caller without types may send by mistake, and the resulting problem. */
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

describe("an unknown requirement is never ignored:", () => {
  test.each(UNKNOWN)("%j", async (requirements, problem) => {
    const rejected = { kind: "unavailable", problem: expect.stringContaining(problem) };
    const invalid = requirements as Requirements;
    expect(decide(TOKEN, invalid)).toEqual(rejected);
    expect(await FakeTokenVerifier.prototype.verify(fakeToken(), invalid)).toEqual(rejected);
    const verifier = createJwksVerifier({ issuer: ISSUER, audience: "api" });
    expect(await verifier.verify("x", invalid)).toEqual(rejected);
  });

  test("and bearer() rejects it", () => {
    const verifier = () => createJwksVerifier({ issuer: ISSUER, audience: "api" });
    const options = { verifier, audience: "api", scopes: "read" };
    expect(() => bearer(options)).toThrow('unknown requirement "scopes"');
  });
});

/** Values of a caller without types, or of a missing environment variable. */
const VALUELESS: readonly [string, unknown][] = [
  ["an audience that is undefined", { audience: undefined }],
  ["an audience that is null", { audience: null }],
  ["an audience that is empty", { audience: "" }],
  ["a scope that is undefined", { scope: undefined }],
  ["a scope that is null", { scope: null }],
];

describe("a requirement without a value is never ignored:", () => {
  test.each(VALUELESS)("%s", (_, requirements) => {
    expect(decide(TOKEN, requirements as Requirements)).toMatchObject({ kind: "unavailable" });
  });

  test("without requirements any valid token is accepted", () => {
    expect(decide(TOKEN, {})).toEqual({ kind: "verified", token: TOKEN });
  });

  test.each([
    ["audience", { issuer: ISSUER }],
    ["audience", { issuer: ISSUER, audience: "" }],
    ["issuer", { audience: "api", jwksUrl: `${ISSUER}/keys` }],
  ])("a JWKS verifier cannot be created without its %s", (_, options) => {
    expect(() => createJwksVerifier(options as { issuer: string; audience: string })).toThrow(
      TypeError,
    );
  });
});

describe("a token without an audience is rejected if an API requires one:", () => {
  const required = { audience: "https://api.example.com", scope: "read" };

  test("by the decision that all verifiers share", () => {
    expect(decide(TOKEN, required)).toMatchObject({ kind: "invalid_token" });
    const token = { ...TOKEN, audience: required.audience };
    expect(decide(token, required)).toEqual({ kind: "verified", token });
  });

  test("by the fake verifier", async () => {
    const { verify } = FakeTokenVerifier.prototype;
    expect(await verify(fakeToken({ scope: ["read"] }), required)).toMatchObject({
      kind: "invalid_token",
    });
  });
});

test("a realm that would end its quoted string is rejected", () => {
  const verifier = () => createJwksVerifier({ issuer: ISSUER, audience: "api" });
  expect(() => bearer({ verifier, audience: null, realm: 'a", error="b' })).toThrow(TypeError);
});

describe("the fake verifier", () => {
  const { verify } = FakeTokenVerifier.prototype;

  test.each([
    ["a number", 7],
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

  test("compares a token with the requirements", async () => {
    const token = fakeToken({ scope: ["read"] });
    expect(await verify(token, { scope: "read" })).toMatchObject({ kind: "verified" });
    expect(await verify(token, { scope: "write" })).toMatchObject({ kind: "insufficient_scope" });
  });
});
