import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { Management } from "../../src/rpc/management.ts";
import { application, user } from "../support/django-dump.ts";
import { importRows, reasonsOf } from "../support/importing.ts";
import { dumpRegistry } from "../support/management.ts";
import { MANAGED, manage, ownToken, registerSite } from "../support/managing.ts";
import { whole } from "../support/responses.ts";
import { registerDefaults } from "../support/service.ts";

const context = Object.assign(createExecutionContext(), { props: {} });
const manager = new Management(context as never, { ...env, MANAGEMENT_API: "on" } as Env);
const BY_KEY = { token_endpoint_auth_method: "private_key_jwt" } as const;

const KINDS = "must be EC with curve P-256, OKP with curve Ed25519, or RSA";
const PRIVATE = "is a private key: replace it, since it is exposed now, and register a public key";
const INEXACT = "contains a number that JSON parsers round; write it as a string";
const TOO_LARGE = "has a number beyond 2^53 - 1, which readers round: write a string";

beforeAll(async () => {
  await registerDefaults(MANAGED);
  await registerSite();
  const keys = [await newKey("ES256", "public")];
  await MANAGED.register({ clients: [{ client_id: "by-key", ...BY_KEY, jwks: { keys } }] });
});

async function newKey(algorithm: string, half: "public" | "private"): Promise<JWK> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  return exportJWK(half === "public" ? pair.publicKey : pair.privateKey);
}

/** Sends JSON as it is written: a number in an object would be rounded before it is sent. */
async function manageJson(method: string, path: string, body: string) {
  const token = await ownToken();
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  return whole(await MANAGED.fetch(path, { method, headers, body }));
}

const problem = (place: string, message: string) => ({ problems: [{ place, message }] });
const refused = (place: string, message: string) => {
  return { status: 422, body: problem(place, message) };
};

describe.each<[string, () => Promise<JWK>, string]>([
  ["for ES384", () => newKey("ES384", "public"), KINDS],
  ["for ES512", () => newKey("ES512", "public"), KINDS],
  ["that is shared", async () => ({ kty: "oct", k: "c2VjcmV0" }), KINDS],
  ["with its private half (EC)", () => newKey("ES256", "private"), PRIVATE],
  ["with its private half (OKP)", () => newKey("EdDSA", "private"), PRIVATE],
  ["with its private half (RSA)", () => newKey("RS256", "private"), PRIVATE],
])("a client's key %s is rejected even next to a valid one", (_, makeKey, message) => {
  const keys = async () => ({ keys: [await newKey("ES256", "public"), await makeKey()] });

  test("by the management API", async () => {
    const before = await dumpRegistry();
    const client = { client_id: "new", ...BY_KEY, jwks: await keys() };
    const answer = refused("jwks", message);
    expect(await manage("POST", "/admin/clients", client)).toMatchObject(answer);
    const patch = { jwks: await keys() };
    expect(await manage("PATCH", "/admin/clients/by-key", patch)).toMatchObject(answer);
    expect(await dumpRegistry()).toEqual(before);
  });

  test("by RPC", async () => {
    const before = await dumpRegistry();
    const outcome = { kind: "invalid", ...problem("jwks", message) };
    const client = { client_id: "new", ...BY_KEY, jwks: await keys() };
    expect(await manager.createClient(client)).toMatchObject(outcome);
    expect(await manager.updateClient("by-key", { jwks: await keys() })).toMatchObject(outcome);
    expect(await dumpRegistry()).toEqual(before);
  });

  test("by a file", async () => {
    const client = { client_id: "new", ...BY_KEY, jwks: await keys() };
    const applied = MANAGED.register({ clients: [client] });
    await expect(applied).rejects.toThrow(`clients[0].jwks.keys[1]: ${message}`);
  });

  test("by an import, which takes the other clients", async () => {
    const keyed = application(1, "keyed", {
      ...{ ...BY_KEY, client_secret: "" },
      client_jwks: JSON.stringify(await keys()),
    });
    const report = await importRows([user(1, "ida"), keyed, application(2, crypto.randomUUID())]);
    expect(reasonsOf(report, "clients")).toEqual([`refused jwks.keys[1]: ${message}: keyed`]);
    expect(report.counts.clients).toMatchObject({ taken: 1, refused: 1 });
  });
});

describe.each(["9007199254740993", "-9007199254740993", "1e400", "0.12345678901234567"])(
  "the claim %s, which JSON parsers do not keep, is rejected",
  (literal) => {
    const claims = `{"claims": {"ok": 1, "deep": [{"id": ${literal}}]}}`;

    test.each([
      ["POST", "/admin/users", '{"username": "new", '],
      ["PATCH", "/admin/users/ada-s-id", "{"],
      ["POST", "/admin/clients", '{"client_id": "new", '],
      ["PATCH", "/admin/clients/by-key", "{"],
    ])("by the management API: %s %s", async (method, path, start) => {
      const before = await dumpRegistry();
      const body = claims.replace("{", start);
      expect(await manageJson(method, path, body)).toMatchObject(refused("claims", INEXACT));
      expect(await dumpRegistry()).toEqual(before);
    });
  },
);

test.each([2 ** 53, -(2 ** 53), 1e300])(
  "the claim %d, which may have been rounded on the way, is rejected by RPC and API",
  async (id) => {
    const before = await dumpRegistry();
    const claims = { ok: 1, deep: [{ id }] };
    const outcome = { kind: "invalid", ...problem("claims", TOO_LARGE) };
    expect(await manager.createUser({ username: "new", claims })).toMatchObject(outcome);
    expect(await manager.updateUser({ username: "ada" }, { claims })).toMatchObject(outcome);
    expect(await manager.createClient({ client_id: "new", claims })).toMatchObject(outcome);
    expect(await manager.updateClient("by-key", { claims })).toMatchObject(outcome);
    expect(await manage("POST", "/admin/users", { username: "new", claims })).toMatchObject({
      status: 422,
    });
    expect(await dumpRegistry()).toEqual(before);
  },
);

const NOT_UNICODE = "is not valid Unicode";

test.each<[kind: "users" | "clients", place: string, message: string, entry: object]>([
  ["users", "username", NOT_UNICODE, { username: "\ud800" }],
  ["users", "password", NOT_UNICODE, { username: "new", password: "a long one \ud800" }],
  // In NFC it is three times as long.
  ["users", "username", "is longer than 255 characters", { username: "\ufb2c".repeat(255) }],
  ["clients", "client_name", NOT_UNICODE, { client_id: "new", client_name: "\ud800" }],
  ["clients", "audience", "is not an absolute URI", { client_id: "new", audience: ["urn:\ud800"] }],
])("%s: a %s that would be stored as another text %s", async (kind, place, message, entry) => {
  const before = await dumpRegistry();
  const answer = refused(place, message);
  expect(await manage("POST", `/admin/${kind}`, entry)).toMatchObject(answer);
  await expect(MANAGED.register({ [kind]: [entry] })).rejects.toThrow(message);
  expect(await dumpRegistry()).toEqual(before);
});

test("the largest claim that every reader keeps is taken, and is the same in the response", async () => {
  const claims = { id: Number.MAX_SAFE_INTEGER, text: "9007199254740993" };
  const made = await manage("POST", "/admin/users", { username: "large", claims });
  expect(made).toMatchObject({ status: 201, body: { claims } });
});
