import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { type ClientDocuments, createClientDocuments } from "../../src/client-documents/index.ts";
import type { DocumentPolicy } from "../../src/client-documents/policy.ts";
import { createDocumentStore } from "../../src/storage/fetched-documents.ts";
import { createObserver, withRequestLog } from "../../src/telemetry/request-log.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import type { HostedDocument } from "../support/document-hosts.ts";
import { callsTo, host, newHost, routeDocuments } from "../support/documents.ts";

const OWN_HOST = "login.example.com";

/** An Ed25519 key of RFC 8037, appendix A.2. */
const KEY = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };

test("wrangler.toml keeps every fetch on the public Internet", () => {
  expect(Cloudflare.compatibilityFlags["global_fetch_strictly_public"]).toBe(true);
});

stopClock();
routeDocuments();

/** The documents of one isolate. Its stores are finished when `settled` is. */
function newIsolate(policy: DocumentPolicy = "open") {
  const deferred: Promise<unknown>[] = [];
  const documents = createClientDocuments({
    policy,
    store: createDocumentStore(env.FETCHED_DOCUMENTS),
    clock: Date.now,
    // Longer than the service waits, so that a busy machine has the time to fetch.
    wait: (ms) => scheduler.wait(4 * ms),
    defer: (work) => deferred.push(work),
  });
  return { ...documents, settled: () => Promise.all(deferred) };
}

/** Hosts a valid document. @returns its URL */
async function hostDocument(document: HostedDocument = {}, members = {}): Promise<string> {
  const url = `https://${newHost()}/client.json`;
  const redirect_uris = ["https://client.example/callback"];
  const body = JSON.stringify({ client_id: url, client_name: "Client", redirect_uris, ...members });
  await host(url, { body, ...document });
  return url;
}

const find = (url: string, documents: ClientDocuments = newIsolate()) => {
  return documents.find(url, OWN_HOST);
};
const callsFor = (url: string) => callsTo(new URL(url).host);

describe("a document", () => {
  test("is fetched without credentials, and describes its client", async () => {
    const url = await hostDocument();
    expect(await find(url)).toMatchObject({
      kind: "valid",
      value: { client_name: "Client", token_endpoint_auth_method: "none" },
    });
    const [call, ...others] = await callsFor(url);
    expect(others).toEqual([]);
    const { accept, "user-agent": userAgent, cookie, authorization } = call?.headers ?? {};
    expect([call?.method, accept, cookie, authorization]).toEqual([
      ...["GET", "application/json", undefined, undefined],
    ]);
    expect(userAgent).toMatch(/^Tollgate /);
  });

  test.each([
    ["application/json; charset=utf-8"],
    ["application/oauth-client-metadata+json"],
    ["Application/JSON"],
  ])("may have the type %s", async (type) => {
    const url = await hostDocument({ headers: { "Content-Type": type } });
    expect(await find(url)).toMatchObject({ kind: "valid" });
  });

  test("has at most 5 KB", async () => {
    const url = await hostDocument();
    const body = (length: number) => {
      const json = JSON.stringify({ client_id: url, redirect_uris: ["app.client:/"] });
      return json.padEnd(length, " ");
    };
    await host(url, { body: body(5120) });
    expect(await find(url)).toMatchObject({ kind: "valid" });
    passSeconds(3600);
    await host(url, { body: body(5121) });
    expect(await find(url)).toEqual({ kind: "invalid", problem: "is longer than 5120 bytes" });
  });

  test.each<[string, HostedDocument, string, string]>([
    ["redirects", { status: 302, headers: { Location: "/x" } }, "invalid", "is a redirect"],
    [
      "redirects for good",
      { status: 308, headers: { Location: "/x" } },
      "invalid",
      "is a redirect",
    ],
    ["is missing", { status: 404 }, "unreachable", "has status 404"],
    ["fails", { status: 500 }, "unreachable", "has status 500"],
    ["is 203", { status: 203 }, "unreachable", "has status 203"],
    ["is HTML", { headers: { "Content-Type": "text/html" } }, "invalid", "Content-Type"],
    ["has no type", { headers: { "Content-Type": "" } }, "invalid", "Content-Type"],
    ["is script", { headers: { "Content-Type": "application/jsonp" } }, "invalid", "Content-Type"],
    ["is no JSON", { body: "<html>" }, "invalid", "is not a JSON object"],
    ["is a list", { body: "[]" }, "invalid", "is not a JSON object"],
    ["has no id", { body: "{}" }, "invalid", "has a client_id other than its own URL"],
    [
      "is endless, without pause",
      { play: "dripping", body: " ".repeat(5121) },
      "invalid",
      "longer",
    ],
    ["is cut off", { play: "hangup" }, "unreachable", "could not be fetched"],
  ])("that %s is not used", async (_, document, kind, problem) => {
    const url = await hostDocument(document);
    expect(await find(url)).toEqual({ kind, problem: expect.stringContaining(problem) });
    expect(await callsFor(url)).toHaveLength(1);
  });

  test.each<[string, HostedDocument["play"]]>([
    ["whose headers do not come", "silent"],
    ["whose body does not end", "endless"],
    ["whose body drips", "dripping"],
  ])("%s is given up on after 5 seconds in total", async (_, play) => {
    const url = await hostDocument({ ...(play && { play }) });
    const { setTimeout } = globalThis;
    const timeouts: unknown[] = [];
    const shorter = (run: () => void, ms?: number) => {
      timeouts.push(ms);
      return setTimeout(run, ms === 5000 ? 50 : ms);
    };
    const spy = vi.spyOn(globalThis, "setTimeout").mockImplementation(shorter as typeof setTimeout);
    const found = await find(url).finally(() => spy.mockRestore());
    const problem = "could not be fetched within 5 seconds";
    expect([found, timeouts]).toEqual([
      { kind: "unreachable", problem },
      expect.arrayContaining([5000]),
    ]);
  });

  test.each<[string, object, string]>([
    ["another id", { client_id: "https://client.example/other" }, "client_id other than its own"],
    ["a secret", { client_secret: "secret" }, "client_secret"],
    ["a shared key", { token_endpoint_auth_method: "client_secret_basic" }, "must be none or"],
    ["an unsafe redirect URI", { redirect_uris: ["javascript:alert(1)"] }, "javascript:alert(1)"],
  ])("with %s is invalid", async (_, members, words) => {
    const found = await find(await hostDocument({}, members));
    expect(found).toEqual({ kind: "invalid", problem: expect.stringContaining(words) });
  });

  test("has an id that differs in no byte", async () => {
    const url = await hostDocument();
    await host(url, { body: JSON.stringify({ client_id: `${url}/`, redirect_uris: ["a.b:/"] }) });
    expect(await find(url)).toMatchObject({ kind: "invalid" });
  });
});

describe("a URL that is not allowed", () => {
  test.each<[string, DocumentPolicy, string]>([
    ["local", "open", "https://localhost/client.json"],
    ["this service's", "open", `https://${OWN_HOST}/client.json`],
    ["unlisted", ["claude.ai"], "https://client.example/client.json"],
    ["on another port", ["client.example"], "https://client.example:8443/client.json"],
    ["a subdomain", ["client.example"], "https://a.client.example/client.json"],
    ["anything", "off", "https://client.example/client.json"],
  ])("%s with the policy %j makes no request and no object", async (_, policy, url) => {
    const { hostname } = new URL(url);
    const before = await callsTo(hostname);
    const isolate = newIsolate(policy);
    const rejected = { kind: "rejected", problem: expect.any(String) };
    expect(isolate.cached(url, OWN_HOST)).toEqual(rejected);
    expect(await isolate.find(url, OWN_HOST)).toEqual(rejected);
    expect(await callsTo(hostname)).toEqual(before);
  });

  test("a listed host is allowed", async () => {
    const url = await hostDocument();
    expect(await find(url, newIsolate([new URL(url).host]))).toMatchObject({ kind: "valid" });
  });
});

describe("a document that was fetched", () => {
  test.each<[string, HostedDocument, number]>([
    ["five minutes without headers", {}, 300],
    ["as long as it says", { headers: { "Cache-Control": "max-age=3600" } }, 3600],
    ["five minutes against its will", { headers: { "Cache-Control": "no-store" } }, 300],
    ["a day at most", { headers: { "Cache-Control": "max-age=999999" } }, 86_400],
    ["a minute if it fails", { status: 500 }, 60],
    ["a minute if it is invalid", { body: "{}" }, 60],
  ])("is kept %s, in each isolate", async (_, document, seconds) => {
    const url = await hostDocument(document);
    const [first, second] = [newIsolate(), newIsolate()];
    const found = await find(url, first);
    await first.settled();
    passSeconds(seconds - 1);
    expect([await find(url, first), await find(url, second), await find(url)]).toEqual([
      ...[found, found, found],
    ]);
    expect(first.cached(url, OWN_HOST)).toEqual(found);
    expect(await callsFor(url)).toHaveLength(1);
    passSeconds(1);
    expect(first.cached(url, OWN_HOST)).toBeNull();
    expect(await find(url, first)).toEqual(found);
    await first.settled();
    expect(await find(url, second)).toEqual(found);
    expect(await callsFor(url)).toHaveLength(2);
  });

  test("is fetched once for many simultaneous requests, in two isolates", async () => {
    const url = await hostDocument();
    const isolates = [newIsolate(), newIsolate()];
    const finds = Array.from({ length: 20 }, (_, at) => find(url, isolates[at % 2]));
    const kinds = (await Promise.all(finds)).map(({ kind }) => kind);
    expect([new Set(kinds), await callsFor(url)]).toEqual([
      new Set(["valid"]),
      [expect.anything()],
    ]);
  });

  test.each<[string, HostedDocument]>([
    ["fails", { status: 500 }],
    ["is invalid", { body: "{}" }],
  ])("is kept if fetching it again before it expires %s", async (_, later) => {
    const url = await hostDocument({ headers: { "Cache-Control": "max-age=3600" } });
    const [first, second, third] = [newIsolate(), newIsolate(), newIsolate()];
    const found = await find(url, first);
    await first.settled();
    await host(url, later);
    passSeconds(61);
    // One of them has a copy, the other has none.
    for (const isolate of [first, second]) {
      const again = await isolate.find(url, OWN_HOST, Date.now());
      expect(again.kind).not.toBe("valid");
      await isolate.settled();
      expect([await find(url, first), await find(url, second), await find(url, third)]).toEqual([
        ...[found, found, found],
      ]);
      passSeconds(1);
      // At most once a minute, and without waiting for a fetch that is over.
      expect((await isolate.find(url, OWN_HOST, Date.now())).kind).toBe("busy");
      passSeconds(60);
    }
    expect(await callsFor(url)).toHaveLength(3);
  });

  test("is fetched to the end for a caller that disconnects", async () => {
    const url = await hostDocument();
    const isolate = newIsolate();
    const found = await find(url, isolate);
    expect(found).toMatchObject({ kind: "valid" });
    // Deferred work continues without its request.
    expect(await isolate.settled()).toEqual([found, undefined]);
  });

  test("is cached in no isolate before it is fetched", async () => {
    const url = await hostDocument();
    expect(newIsolate().cached(url, OWN_HOST)).toBeNull();
    expect(await callsFor(url)).toEqual([]);
  });
});

describe("a host", () => {
  test("is called once a minute, whichever document and isolate", async () => {
    const first = await hostDocument();
    const other = `${first}/other`;
    await host(other, { body: JSON.stringify({ client_id: other, redirect_uris: ["a.b:/"] }) });
    expect((await find(first)).kind).toBe("valid");
    expect((await find(other)).kind).toBe("busy");
    passSeconds(59);
    expect((await find(other)).kind).toBe("busy");
    expect(await callsFor(first)).toHaveLength(1);
    passSeconds(1);
    expect((await find(other)).kind).toBe("valid");
  });

  test("is called for keys as well within that minute", async () => {
    const url = await hostDocument();
    const keysUrl = `${url}/keys`;
    await host(keysUrl, { body: JSON.stringify({ keys: [KEY] }) });
    const isolate = newIsolate();
    await find(url, isolate);
    const found = await isolate.findKeys(keysUrl, OWN_HOST);
    expect(found).toEqual({ kind: "valid", value: { keys: [KEY] } });
    await isolate.settled();
    passSeconds(61);
    // A key that is not in the set may be newer than it.
    expect((await isolate.findKeys(keysUrl, OWN_HOST, Date.now() - 60_000)).kind).toBe("valid");
    expect(await callsFor(url)).toHaveLength(3);
    expect((await isolate.findKeys(keysUrl, OWN_HOST, Date.now() + 1)).kind).toBe("busy");
    expect((await isolate.findKeys("https://127.0.0.1/keys", OWN_HOST)).kind).toBe("rejected");
  });

  test("has an object that is empty after the last document has expired", async () => {
    const isolate = newIsolate();
    const url = await hostDocument();
    await find(url, isolate);
    await isolate.settled();
    const object = env.FETCHED_DOCUMENTS.getByName(`metadata ${new URL(url).hostname}`);
    passSeconds(60);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    passSeconds(240);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await runDurableObjectAlarm(object)).toBe(false);
  });
});

test("the log counts the calls to the object, and not the fetch", async () => {
  const url = await hostDocument();
  const lines = vi.spyOn(console, "log").mockReturnValue();
  const rest = { auditQueue: undefined, metrics: undefined, logsAll: true };
  const observer = createObserver({ clock: Date.now, defer: () => {}, ...rest });
  const log = observer.begin("id");
  const isolate = newIsolate();
  await withRequestLog(log, async () => {
    await find(url, isolate);
    await isolate.settled();
  });
  observer.end(log, { event: "request", outcome: "ok" });
  expect(JSON.parse(lines.mock.calls[0]?.[0] ?? "{}")).toMatchObject({
    object_calls: 2,
    operations: { "document.claim": 0, "client.fetch_document": 0, "document.store": 0 },
  });
  lines.mockRestore();
});

test.each<[string, object, object]>([
  ["keys of other kinds are ignored", { keys: [{ kty: "oct", k: "AA" }, KEY] }, { keys: [KEY] }],
  ["at most 16 keys", { keys: Array(20).fill(KEY) }, { keys: Array(16).fill(KEY) }],
])("of a key set, %s", async (_, body, value) => {
  const url = `https://${newHost()}/keys`;
  await host(url, { body: JSON.stringify(body) });
  expect(await newIsolate().findKeys(url, OWN_HOST)).toEqual({ kind: "valid", value });
});

test.each<[string, string]>([
  ["without keys", "{}"],
  ["with no usable key", '{"keys": [{"kty": "EC", "crv": "P-384"}]}'],
  ["of private keys", JSON.stringify({ keys: [{ ...KEY, d: KEY.x }] })],
  ["longer than 16 KB", JSON.stringify({ keys: [KEY] }).padEnd(16 * 1024 + 1)],
])("a key set %s is invalid", async (_, body) => {
  const url = `https://${newHost()}/keys`;
  await host(url, { body });
  expect((await newIsolate().findKeys(url, OWN_HOST)).kind).toBe("invalid");
});
