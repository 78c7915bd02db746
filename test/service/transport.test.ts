import { beforeAll, describe, expect, test } from "vitest";
import { createCountedService } from "../support/counting.ts";
import { basic } from "../support/requests.ts";
import { type WholeAnswer, whole } from "../support/responses.ts";
import { CLIENT, LOGIN, registerDefaults } from "../support/service.ts";

const { service, costOf } = createCountedService({ MANAGEMENT_API: "on" });
beforeAll(() => registerDefaults(service));

const PATHS = [
  ...["/", "/healthz", "/o/token/", "/o/token", "/o/revoke_token/", "/o/introspect/?token=x"],
  ...["/.well-known/oauth-authorization-server", "/o/.well-known/jwks.json"],
  ...["/o/.well-known/oauth-authorization-server", "/admin/users", "/admin/users/1/password"],
  ...["/admin/clients", "/docs", "/openapi.json", "/nothing", "//", "/%00"],
];
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];
const BODIES = ["POST", "PUT", "PATCH", "DELETE"];

const PUBLIC_HOSTS = [
  ...["http://login.example.com", "http://LOGIN.example.com:8080", "http://localhost.example.com"],
  ...["http://127.0.0.1.example.com", "http://atest.com", "http://internal.com"],
  ...["http://8.8.8.8", "http://172.15.0.1", "http://100.63.255.255", "http://172.32.0.1"],
  "http://192.169.0.1",
  ...["http://100.128.0.1", "http://lan.example.com", "http://evilts.net", "http://home.arpa.dev"],
  ...["http://11.0.0.1", "http://126.255.255.255", "http://128.0.0.1", "http://169.255.0.1"],
  ...["http://0.0.0.1", "http://[2001:db8::1]", "http://[fe00::1]", "http://[fec0::1]"],
  ...["http://[::2]", "http://[::ffff:8.8.8.8]", "http://10.0.0.1.nip.io", "http://tollgate.dev"],
];

const DEVELOPMENT_HOSTS = [
  ...["http://localhost:8787", "http://127.0.0.1:8787", "http://127.255.0.9", "http://[::1]:8787"],
  ...["http://0.0.0.0:8787", "http://[::]:8787", "http://tollgate.localhost", "http://localhost."],
  ...["http://10.1.2.3", "http://172.16.0.1", "http://172.31.255.255", "http://192.168.1.7:8787"],
  ...["http://169.254.0.7", "http://[fd12:3456::1]", "http://[fc00::1]", "http://[fe80::1]"],
  ...["http://tollgate:8787", "http://token_service", "http://laptop.local", "http://a.b.test"],
  ...["http://100.64.1.2", "http://100.127.255.255:8787", "http://box.lan", "http://box.home.arpa"],
  ...["http://box.tail1234.ts.net:8787", "http://BOX.LAN."],
  ...["http://auth.internal", "http://0x7f.1", "http://2130706433", "http://A.TEST."],
];

/** Sends the right credentials, and says whether anything read them. */
async function send(url: string, method: string) {
  const hasBody = BODIES.includes(method);
  let isRead = false;
  const body = new ReadableStream(
    {
      pull(controller) {
        isRead = true;
        controller.enqueue(new TextEncoder().encode(String(new URLSearchParams(LOGIN))));
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const { answer, cost } = await costOf(() => {
    return service.fetch(url, {
      method,
      headers: { ...basic(CLIENT), Origin: "https://app.example.com" },
      ...(hasBody ? { body } : {}),
    });
  });
  return { answer, cost, isRead };
}

describe("by http, a request to a host of the public DNS", () => {
  const refused = {
    status: 400,
    headers: {
      "cache-control": "no-store",
      "content-type": "application/json",
      pragma: "no-cache",
    },
    body: { error: "invalid_request", error_description: "This service answers to https alone." },
  };

  test.each(METHODS)("is rejected unread, without storage, on every path: %s", async (method) => {
    for (const path of PATHS) {
      const { answer, cost, isRead } = await send(`http://login.example.com${path}`, method);
      const seen = { path, cost, isRead, answer: await plain(answer) };
      const body = method === "HEAD" ? null : refused.body;
      expect(seen).toEqual({ path, cost: {}, isRead: false, answer: { ...refused, body } });
    }
  });

  test.each(PUBLIC_HOSTS)("is rejected whatever the host is called: %s", async (origin) => {
    const { answer, cost, isRead } = await send(`${origin}/o/token/`, "POST");
    expect([answer.status, cost, isRead]).toEqual([400, {}, false]);
  });

  test("is not let in by what a proxy is said to have seen", async () => {
    const headers = { "X-Forwarded-Proto": "https", "CF-Visitor": '{"scheme":"https"}' };
    for (const more of [headers, { Host: "localhost" }, { "X-Forwarded-Host": "localhost" }]) {
      const answer = await service.fetch("http://login.example.com/healthz", { headers: more });
      expect(answer.status).toBe(400);
    }
  });
});

describe("in development", () => {
  test.each(DEVELOPMENT_HOSTS)("http is as good as https: %s", async (origin) => {
    const { answer } = await send(`${origin}/o/token/`, "GET");
    expect(answer.status).toBe(405);
    const { status } = await service.fetch(`${origin}/o/token/`, {
      method: "POST",
      headers: basic(CLIENT),
      body: new URLSearchParams(LOGIN),
    });
    expect(status).toBe(200);
  });

  test.each(DEVELOPMENT_HOSTS)("no browser is told to stay with https: %s", async (origin) => {
    for (const url of [`${origin}/`, `${origin.replace("http", "https")}/`]) {
      const { headers } = await service.fetch(url);
      expect(headers.get("Strict-Transport-Security")).toBeNull();
    }
  });
});

test("by https a browser is told so for a year, for this host name alone", async () => {
  const { headers } = await service.fetch("https://login.example.com/");
  expect(headers.get("Strict-Transport-Security")).toBe("max-age=31536000");
  const plainly = await service.fetch("http://login.example.com/");
  expect(plainly.headers.get("Strict-Transport-Security")).toBeNull();
});

/** A response without what only https has. */
async function plain(answer: Response): Promise<WholeAnswer> {
  const headers = new Headers(answer.headers);
  expect(headers.get("Strict-Transport-Security")).toBeNull();
  headers.set("Strict-Transport-Security", "max-age=31536000");
  return whole(new Response(answer.body, { status: answer.status, headers }));
}
