import { describe, expect, test } from "vitest";
import { STYLE_HASH } from "../../src/pages/style.ts";
import { captureErrors } from "../support/faulty.ts";
import { createService } from "../support/service.ts";

const service = createService();
const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
captureErrors();

const ask = (path: string, init: RequestInit = {}, accept = BROWSER) => {
  return service.fetch(path, { ...init, headers: { Accept: accept, ...init.headers } });
};

describe("a browser that opens an address gets a page", () => {
  test.each([
    ["GET", "/nope", 404, "Page not found"],
    ["POST", "/nope", 404, "Page not found"],
    ["GET", "/o/nothing/", 404, "Page not found"],
    ["GET", "/admin/users", 404, "Page not found"],
  ])("for %s %s: %i, %s", async (method, path, status, title) => {
    const answer = await ask(path, { method });
    const text = await answer.text();
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([
      status,
      "text/html; charset=utf-8",
    ]);
    expect(text).toContain(`<title>${title}</title>`);
    expect(text).toContain(answer.headers.get("X-Request-Id"));
    expect(answer.headers.get("Content-Security-Policy")).toContain(`style-src '${STYLE_HASH}'`);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(answer.headers.get("Vary")).toContain("Accept");
  });

  test("also by http, at the address that the service is deployed at", async () => {
    const answer = await ask("http://login.example.com/");
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining("This address requires https"),
    ]);
  });

  test("in the language of the browser", async () => {
    const answer = await ask("/nope", { headers: { "Accept-Language": "de-AT, en;q=0.5" } });
    const text = await answer.text();
    expect(text).toContain('<html lang="de"');
    expect(text).toContain("<title>Seite nicht gefunden</title>");
    expect(answer.headers.get("Vary")).toContain("Accept-Language");
  });

  test("without a body for HEAD", async () => {
    const answer = await ask("/nope", { method: "HEAD" });
    expect([answer.status, await answer.text()]).toEqual([404, ""]);
  });

  test("which never has what was asked for in it", async () => {
    const text = await (await ask("/<script>alert(1)</script>?x=<b>")).text();
    expect(text).not.toMatch(/alert|<b>|<script/);
  });
});

describe("a program gets JSON", () => {
  test.each(["*/*", "application/json", "application/json, text/html", "text/plain", ""])(
    "when it accepts %j",
    async (accept) => {
      for (const path of ["/nope", "/o/token/"]) {
        const answer = await ask(path, {}, accept);
        expect(answer.headers.get("Content-Type")).toBe("application/json");
      }
    },
  );

  test.each([
    ["POST", "/o/token/", 400],
    ["POST", "/o/revoke_token/", 400],
    ["GET", "/o/introspect/?token=x", 401],
    ["GET", "/o/token/", 405],
    ["GET", "/o/revoke_token/", 405],
    ["DELETE", "/o/introspect/", 405],
    ["POST", "/.well-known/oauth-authorization-server", 405],
    ["POST", "/", 405],
    ["DELETE", "/healthz", 405],
    ["GET", "http://login.example.com/o/introspect/?token=x", 400],
  ])("for an error of %s %s, whatever it accepts", async (method, path, status) => {
    const answer = await ask(path, { method });
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([
      status,
      "application/json",
    ]);
  });
});

describe("the challenge of a 401", () => {
  const WHOLE = 'Basic realm="tollgate", Bearer error="invalid_client"';
  const PATHS = ["/o/token/", "/o/revoke_token/", "/o/introspect/"];

  async function challengeOf(path: string, headers: Record<string, string>) {
    const body = new URLSearchParams({ grant_type: "client_credentials", token: "x" });
    const answer = await service.fetch(path, { method: "POST", body, headers });
    return [answer.status, answer.headers.get("WWW-Authenticate")];
  }

  test.each<[string, Record<string, string>]>([
    ["a fetch of its own origin", { "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin" }],
    ["a same-origin fetch", { "Sec-Fetch-Mode": "same-origin", "Sec-Fetch-Site": "same-origin" }],
    ["a script that says so", { "X-Requested-With": "fetch" }],
  ])("raises no sign-in box for %s", async (_, headers) => {
    const tried = { ...headers, Authorization: `Basic ${btoa("nobody:wrong")}` };
    for (const path of PATHS) {
      expect(await challengeOf(path, headers)).toEqual([401, 'Bearer error="invalid_client"']);
      expect(await challengeOf(path, tried)).toEqual([401, 'Bearer error="invalid_client"']);
    }
  });

  test.each<[string, Record<string, string>]>([
    ["a program", {}],
    ["another site", { "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site" }],
    ["an address that is opened", { "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none" }],
  ])("is whole for %s", async (_, headers) => {
    for (const path of PATHS) expect(await challengeOf(path, headers)).toEqual([401, WHOLE]);
  });
});
