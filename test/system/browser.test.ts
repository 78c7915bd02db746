import { createServer, type Server as HttpServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page, Route } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { describeWithBrowser } from "../support/browser.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";

describeWithBrowser("a page of another origin, in a real browser", (browser) => {
  let site: HttpServer;
  let service: RunningService;
  let page: Page;

  beforeAll(async () => {
    site = createServer((_, answer) => {
      answer.setHeader("Content-Type", "text/html").end("<!doctype html><title>App</title>");
    });
    await new Promise<void>((settle) => site.listen(0, "127.0.0.1", settle));
    service = await startRunningService({
      clients: [
        {
          client_id: "app",
          token_endpoint_auth_method: "none",
          allowed_origins: [originOf("localhost")],
        },
      ],
      users: [{ username: "ada", password: "correct horse" }],
    });
    page = await (await browser().newContext()).newPage();
  });
  afterAll(async () => {
    site?.close();
    await service?.stop();
  });

  const originOf = (host: string) => `http://${host}:${(site.address() as AddressInfo).port}`;

  /** Runs an expression in the page; `url` is that of the service. */
  const inPage = (path: string, expression: string): Promise<unknown> => {
    const url = JSON.stringify(service.origin + path);
    return page.evaluate(`(async (url) => ${expression})(${url})`);
  };

  /** Logs in from the page, with a preflight. @returns the response, or the exception */
  const logIn = () => {
    const login = "grant_type=password&client_id=app&username=ada&password=correct+horse";
    const headers =
      '{ "Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": "1" }';
    const init = `{ method: "POST", body: "${login}", headers: ${headers} }`;
    return inPage("/o/token/", `fetch(url, ${init}).then((answer) => answer.json(), String)`);
  };

  test("gets tokens if its origin is on the client's list", async () => {
    await page.goto(originOf("localhost"));
    expect(await logIn()).toMatchObject({ token_type: "Bearer" });
  });

  test("reads no response if it is not", async () => {
    await page.goto(originOf("127.0.0.1"));
    expect(await logIn()).toMatch(/^TypeError/);
  });

  test("reads public responses", async () => {
    await page.goto(originOf("127.0.0.1"));
    const metadata = await inPage(
      "/.well-known/oauth-authorization-server",
      "(await fetch(url)).json()",
    );
    expect(metadata).toMatchObject({ issuer: service.origin });
  });

  test("cannot load any other response into its process, nor show it in a frame", async () => {
    await page.goto(originOf("localhost"));
    const load = 'fetch(url, { mode: "no-cors" }).then(({ type }) => type, String)';
    expect(await inPage("/o/introspect/?token=x", load)).toMatch(/^TypeError/);
    expect(await inPage("/o/.well-known/jwks.json", load)).toBe("opaque");
    const failed = page.waitForEvent("requestfailed", (asked) => asked.url().endsWith("/healthz"));
    const frame = 'Object.assign(document.createElement("iframe"), { src: url })';
    await inPage("/healthz", `{ document.body.append(${frame}); }`);
    expect((await failed).failure()?.errorText).toBe("net::ERR_BLOCKED_BY_RESPONSE");
  });
});

describeWithBrowser("the API page, by http at the deployed address", (browser) => {
  const { port, hostname } = new URL(inject("server").url);

  /** Routes a request for the deployed address to the local service. */
  function deliver(route: Route): Promise<void> {
    const asked = new URL(route.request().url());
    const headers = { ...route.request().headers(), host: asked.host };
    return new Promise((settle, fail) => {
      const options = { port, hostname, path: asked.pathname, headers };
      request(options, async (answer) => {
        const body = Buffer.concat(await answer.toArray());
        const sent = Object.fromEntries(
          Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
        );
        await route.fulfill({ status: answer.statusCode ?? 500, headers: sent, body });
        settle();
      })
        .once("error", fail)
        .end();
    });
  }

  test("goes to https before a password can be typed", async () => {
    const page = await (await browser().newContext()).newPage();
    await page.route("http://login.example.com/**", deliver);
    await page.route("https://login.example.com/**", (route) => {
      return route.fulfill({ contentType: "text/html", body: "<title>by https</title>" });
    });
    await page.goto("http://login.example.com/docs");
    await page.waitForURL("https://login.example.com/docs");
    expect(await page.title()).toBe("by https");
  });
});
