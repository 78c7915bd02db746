import { afterEach, expect, test, vi } from "vitest";
import { TokenClient, type TokenPair } from "../../../src/client/token-client.ts";

const HOUR_MS = 3_600_000;
const NEW = { access_token: "tga_new", refresh_token: "tgr_new", expires_in: 3600 };

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A client of a service that sends these responses, one after the other. */
function clientOf(
  responses: readonly Promise<Response>[],
  { expiresAtMs = 0, save = async (_: TokenPair) => {} } = {},
): TokenClient {
  const left = [...responses];
  const respond = () => left.shift() ?? Promise.reject(new Error("one too many"));
  vi.stubGlobal(
    "fetch",
    vi.fn(async (_: string, __: RequestInit) => respond()),
  );
  const service = { tokenEndpoint: "https://login.test/o/token/", clientId: "a", clientSecret: "" };
  const pair = { accessToken: "tga_old", refreshToken: "tgr_old", expiresAtMs };
  return new TokenClient({ ...service, save }, pair);
}

const responds = async (status: number, body: unknown) => Response.json(body, { status });

test.each([
  [200, {}],
  [200, null],
  [200, { ...NEW, refresh_token: undefined }],
  [200, { ...NEW, access_token: "" }],
  [200, { ...NEW, expires_in: undefined }],
  [403, { message: "sign in to the network" }],
  [400, null],
])(
  "a response of another server (%i, %j) replaces no login and ends none",
  async (status, body) => {
    const saved: TokenPair[] = [];
    const save = async (pair: TokenPair) => void saved.push(pair);
    const client = clientOf([responds(status, body), responds(200, NEW)], { save });
    expect(await client.accessToken()).toBe(NEW.access_token);
    expect(saved.map(({ refreshToken }) => refreshToken)).toEqual([NEW.refresh_token]);
    expect(saved[0]?.expiresAtMs).toBeGreaterThan(Date.now());
  },
);

test("a pair that could not be saved has replaced the one before, even if that is fresh", async () => {
  const expiresAtMs = Date.now() + HOUR_MS;
  const save = vi.fn(async (_: TokenPair) => {});
  save.mockRejectedValueOnce(new Error("the database is down"));
  const client = clientOf([responds(200, NEW)], { expiresAtMs, save });
  await expect(client.refresh()).rejects.toThrow("the database is down");
  expect(await client.accessToken()).toBe(NEW.access_token);
});

test("a refresh that the platform has stopped does not hold up later ones", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const client = clientOf([new Promise<never>(() => {}), responds(200, NEW)]);
  void client.refresh();
  vi.setSystemTime(Date.now() + 60_000);
  expect(await client.accessToken()).toBe(NEW.access_token);
});

test("no redirect is followed: the token would be sent to another host", async () => {
  await clientOf([responds(200, NEW)]).accessToken();
  expect(vi.mocked(fetch).mock.calls.map(([, init]) => init?.redirect)).toEqual(["manual"]);
});
