import { describe, expect, test } from "vitest";
import { captureErrors } from "../support/faulty.ts";
import { headersOf, UNAVAILABLE, whole } from "../support/responses.ts";
import { createService } from "../support/service.ts";

const service = createService();
const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
captureErrors();

const PUBLIC = { "access-control-allow-origin": "*", "cache-control": "public, max-age=300" };

const LINKS = {
  name: "Tollgate",
  description: "An OAuth 2 token service.",
  documentation: "https://login.example.com/docs",
  openapi: "https://login.example.com/openapi.json",
  metadata: "https://login.example.com/.well-known/oauth-authorization-server",
  jwks: "https://login.example.com/o/.well-known/jwks.json",
};

describe("for programs", () => {
  test("it is JSON that says what this is and where to read on", async () => {
    expect(await whole(await service.fetch("/"))).toEqual({
      status: 200,
      headers: {
        ...PUBLIC,
        "content-type": "application/json",
        vary: "Accept",
      },
      body: LINKS,
    });
  });

  test.each([
    "*/*",
    "application/json",
    "application/json, text/html",
    "application/json, text/html;q=0.9",
    "text/html;q=0.5, application/json",
    "text/html;q=0, */*",
    "text/htmlx",
    "text/plain",
    ",;q=x,",
  ])("it is JSON when they accept %j", async (accept) => {
    const { headers } = await service.fetch("/", { headers: { Accept: accept } });
    expect(headers.get("Content-Type")).toBe("application/json");
  });

  test("its links begin with the issuer of the setting", async () => {
    const other = createService({ ISSUER: "https://id.example.com" });
    expect(await whole(await other.fetch("/"))).toMatchObject({
      body: { documentation: "https://id.example.com/docs" },
    });
  });
});

describe("for people", () => {
  test.each([BROWSER, "text/html", "TEXT/HTML;q=0.9, application/json;q=0.8"])(
    "it is a page when they accept %j",
    async (accept) => {
      const response = await service.fetch("/", { headers: { Accept: accept } });
      expect(headersOf(response)).toEqual({
        ...PUBLIC,
        "content-security-policy": expect.stringMatching(/^default-src 'none'; /),
        "content-type": "text/html; charset=utf-8",
        vary: "Accept",
      });
    },
  );

  test("the page links to all that the JSON names, on its own host", async () => {
    const links = [...(await page()).matchAll(/<a href="([^"]+)"/g)].map(([, path]) => path);
    const { documentation, openapi, metadata, jwks } = LINKS;
    const paths = [documentation, openapi, metadata, jwks].map((url) => new URL(url).pathname);
    expect(links).toEqual(paths);
  });

  test("its policy lets in its one style, by hash, and no script, frame or form", async () => {
    const response = await service.fetch("/", { headers: { Accept: BROWSER } });
    const policy = response.headers.get("Content-Security-Policy")?.split("; ");
    const style = /<style>(.*)<\/style>/s.exec(await response.text())?.[1] ?? "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
    expect(policy).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  test("the page names no version and nothing that it is made with", async () => {
    expect(await page()).not.toMatch(/\d\.\d+\.|hono|cloudflare|worker|powered/i);
  });

  async function page(): Promise<string> {
    return (await service.fetch("/", { headers: { Accept: BROWSER } })).text();
  }
});

test("HEAD has no body, and no other method is allowed", async () => {
  const head = await service.fetch("/", { method: "HEAD", headers: { Accept: BROWSER } });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    const answer = await service.fetch("/", { method });
    expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "GET, OPTIONS"]);
  }
});

test("a service that is set up wrongly fails, so that a monitor sees it", async () => {
  const broken = createService({ TOKEN_KEYS: "no key" });
  expect(await whole(await broken.fetch("/"))).toEqual(UNAVAILABLE);
  const answer = await broken.fetch("/", { headers: { Accept: BROWSER } });
  expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "1"]);
  expect(await answer.text()).toContain("<h1>Not available</h1>");
});

test("the JSON names the management API where it is on, and only there", async () => {
  const managed = createService({ MANAGEMENT_API: "on" });
  const links = { ...LINKS, management: "https://login.example.com/admin/" };
  expect(await whole(await managed.fetch("/"))).toMatchObject({ body: links });
});
