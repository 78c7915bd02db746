import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ask } from "../support/requests.ts";
import { UNAVAILABLE, whole } from "../support/responses.ts";
import { createService, LOGIN, type Overrides, registerDefaults } from "../support/service.ts";

beforeAll(() => registerDefaults(createService()));

const log = vi.fn();
beforeEach(() => {
  log.mockReset();
  vi.spyOn(console, "error").mockImplementation(log);
});
afterEach(() => vi.restoreAllMocks());

const KEY = "d4".repeat(32);

describe("a misconfigured service reports it only in the log", () => {
  test.each([
    ["TOKEN_KEYS", undefined],
    ["TOKEN_KEYS", KEY.replace("d4", "zz")],
    ["PASSWORD_PEPPER", KEY.slice(1)],
    ["REFRESH_RETRY", "sometimes"],
    ["PASSWORD_HASH_ROUNDS", 21],
    ["SCOPES", 'read "write"'],
    ["SIGNING_KEYS", "{"],
    ["SIGNING_KEYS", '{"keys":[]}'],
    ["SIGNING_KEYS", '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","d":"d4d4"}]}'],
    ["SIGNING_KEYS", '{"keys":[{"kty":"EC","crv":"P-384","x":"AA","y":"AA","d":"d4d4"}]}'],
    ["ISSUER", "login.example.com"],
    ["CIMD", "on"],
    ["CIMD", "claude.ai localhost"],
    ["CIMD", "https://claude.ai"],
  ])("%s = %j", async (name, value) => {
    const service = createService({ [name]: value });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(await ask(service, LOGIN)).toEqual(UNAVAILABLE);
      expect(await ask(service, {}, null)).toEqual(UNAVAILABLE);
    }
    expect(log).toHaveBeenCalledTimes(4);
    for (const [line] of log.mock.calls) {
      expect(line).toContain(name);
      // A random request id may contain it by chance.
      expect(String(line).replace(/"request_id":"\w+"/, "")).not.toContain("d4d4");
    }
  });

  const OWN = { ISSUER: "https://login.example.com", PATH_PREFIX: "/o /oauth" };
  const OLD = { ...OWN, LEGACY_CLIENT_ID: "tollgate" };
  const legacy = (url: string) => ({ ...OLD, LEGACY_TOKEN_ENDPOINT: url });
  const own = legacy("https://login.example.com/oauth/token/");

  test.each<[string, Overrides, boolean, RegExp | null]>([
    ["documents", { CIMD: "claude.ai chatgpt.com" }, true, null],
    ["documents without the flag", { CIMD: "open" }, false, /CIMD needs .* global_fetch_strictly/],
    ["documents without the binding", { CIMD: "open", FETCHED_DOCUMENTS: undefined }, true, /CIMD/],
    ["no documents, as in 0.1", { CIMD: "off", FETCHED_DOCUMENTS: undefined }, false, null],
    ["itself as the old server", own, true, /LEGACY_TOKEN_ENDPOINT is this service/],
    ["the origin behind it as the old server", own, false, null],
    ["an old server at another path", legacy("https://login.example.com/old/token"), true, null],
    ["an old server in the zone", legacy("https://old.example.com/o/token/"), true, null],
  ])("with %s", async (_, settings, isStrict, problem) => {
    const flags = { global_fetch_strictly_public: isStrict };
    vi.stubGlobal("Cloudflare", { compatibilityFlags: flags });
    const { status } = await createService(settings)
      .token({})
      .finally(() => vi.unstubAllGlobals());
    expect(status).toBe(problem === null ? 400 : 503);
    if (problem !== null) expect(log.mock.calls.flat().join()).toMatch(problem);
  });

  test("and still answers what needs no settings", async () => {
    const service = createService({ TOKEN_KEYS: "" });
    const options = await whole(await service.fetch("/o/token/", { method: "OPTIONS" }));
    expect(options).toMatchObject({ status: 204 });
    expect(await whole(await service.fetch("/o/token/"))).toMatchObject({ status: 405 });
    expect(await whole(await service.fetch("/nowhere"))).toMatchObject({ status: 404 });
  });
});
