import { beforeAll, describe, expect, test, vi } from "vitest";
import { dumpStorage } from "../support/at-rest.ts";
import { newBrowser, registerWebApps } from "../support/browsing.ts";
import { stopClock } from "../support/clock.ts";
import { createCountedService } from "../support/counting.ts";

const ADDRESS = { "CF-Connecting-IP": "192.0.2.7" };
const REQUESTS = 1000;
vi.setConfig({ testTimeout: 120_000 });
const REDIRECT_URI = "https://mcp.example/callback";
const { service, costOf } = createCountedService({
  RATE_LIMITS: "on",
  REGISTRATION: "open",
  RESOURCES: "https://mcp.example/mcp",
});

stopClock();
beforeAll(async () => {
  await registerWebApps(service);
  await service.register({ users: [{ username: "grace", password: "rear admiral" }] });
});

/** Registers a public client with its own name. */
async function register(name: string): Promise<{ status: number; clientId: string }> {
  const response = await service.fetch("https://login.example.com/o/register/", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...ADDRESS },
    body: JSON.stringify({
      client_name: name,
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: "none",
    }),
  });
  const { client_id } = await response.json<{ client_id: string }>();
  return { status: response.status, clientId: client_id };
}

/** Opens the authorization endpoint as a new browser behind the shared address. */
function open(clientId: string, changes: Record<string, string> = {}) {
  const browser = newBrowser(service);
  const request = { client_id: clientId, redirect_uri: REDIRECT_URI, ...changes };
  return browser.authorize(request, ADDRESS);
}

describe("from one address, in a minute", () => {
  test("1,000 clients register, and storage is not called", async () => {
    const before = await dumpStorage();
    const { answer, cost } = await costOf(async () => {
      const statuses = new Set<number>();
      for (let at = 0; at < REQUESTS; at += 1)
        statuses.add((await register(`Client ${at}`)).status);
      return statuses;
    });
    expect([...answer]).toEqual([201]);
    expect(cost).toEqual({});
    expect(await dumpStorage()).toEqual(before);
  });

  test("1,000 authorization requests show the sign-in page, and write nothing", async () => {
    const { clientId } = await register("Client");
    const before = await dumpStorage();
    const { answer, cost } = await costOf(async () => {
      const statuses = new Set<number>();
      for (let at = 0; at < REQUESTS; at += 1) statuses.add((await open(clientId)).status);
      return statuses;
    });
    expect([...answer]).toEqual([200]);
    expect(cost).toEqual({ "d1.batch": REQUESTS });
    expect(await dumpStorage()).toEqual(before);
  });

  test("100 failed sign-ins through new clients are throttled like 100 through one", async () => {
    const { clientId } = await register("One");
    const throughOne = await fail("grace", async () => clientId);
    const throughNew = await fail("ada", async (at) => (await register(`Guesser ${at}`)).clientId);
    expect(throughNew).toEqual(throughOne);
    // The setting USER_FAILURES_FREE.
    expect(throughNew).toEqual([...Array(10).fill(400), ...Array(90).fill(429)]);
  });
});

/** Sends a hundred wrong passwords of a user at one instant. @returns the statuses */
async function fail(username: string, clientIdOf: (at: number) => Promise<string>) {
  const statuses: number[] = [];
  for (let at = 0; at < 100; at += 1) {
    const browser = newBrowser(service);
    const client = { client_id: await clientIdOf(at), redirect_uri: REDIRECT_URI };
    const page = await browser.authorize(client, ADDRESS);
    const fields = { username, password: `guess ${at}` };
    const own = { ...ADDRESS, "Sec-Fetch-Site": "same-origin" };
    statuses.push((await browser.submit(page, fields, own)).status);
  }
  return statuses;
}
