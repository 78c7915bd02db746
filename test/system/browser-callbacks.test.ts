import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithBrowser, openPage, type WatchedPage } from "../support/browser.ts";
import { queryOf } from "../support/browsing.ts";
import { USER } from "../support/libraries/independent-client.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";

const APP_SCHEME = "com.example.app:/callback";

describeWithBrowser("a form whose redirects leave the service, in Chromium", (browser) => {
  let site: HttpServer;
  let service: RunningService;

  const siteAt = (host: string) => `http://${host}:${(site.address() as AddressInfo).port}`;

  beforeAll(async () => {
    site = createServer((request, response) => {
      const { pathname, search } = new URL(request.url ?? "", siteAt("127.0.0.1"));
      const next = { "/to-origin": `${siteAt("localhost")}/end`, "/to-scheme": APP_SCHEME };
      const location = next[pathname as keyof typeof next];
      if (location !== undefined) response.writeHead(302, { Location: location + search });
      else response.setHeader("Content-Type", "text/html");
      response.end("<!doctype html><title>The end</title>");
    });
    await new Promise<void>((settle) => site.listen(0, "127.0.0.1", settle));
    service = await startRunningService({
      clients: [
        {
          client_id: "native",
          token_endpoint_auth_method: "none",
          grant_types: ["authorization_code"],
          redirect_uris: ["http://127.0.0.1/to-origin", "http://127.0.0.1/to-scheme", APP_SCHEME],
        },
      ],
      users: [USER],
    });
  });
  afterAll(async () => {
    site?.close();
    await service?.stop();
  });

  /** Signs in, and allows what the client asks for. */
  async function allow(redirect_uri: string): Promise<WatchedPage> {
    const watched = await openPage(browser());
    const { page } = watched;
    await page.goto(
      `${service.origin}/o/authorize/?${queryOf({ client_id: "native", redirect_uri })}`,
    );
    await page.getByLabel("User").fill(USER.username);
    await page.getByLabel("Password").fill(USER.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Allow" }).click();
    return watched;
  }

  test("follows the client's callback to another origin", async () => {
    const { page, violations, errors } = await allow(`${siteAt("127.0.0.1")}/to-origin`);
    await page.waitForURL(`${siteAt("localhost")}/end?**`);
    expect(new URL(page.url()).searchParams.get("code")).toMatch(/^tgc_/);
    expect({ violations, errors }).toEqual({ violations: [], errors: [] });
  });

  test.each([
    ["the service", () => APP_SCHEME],
    ["the client's callback", () => `${siteAt("127.0.0.1")}/to-scheme`],
  ])("may open an app to which %s redirects", async (_, redirectUri) => {
    const watched = await allow(redirectUri());
    const opened = () => watched.requests.find((url) => url.startsWith(APP_SCHEME));
    await expect.poll(opened, { timeout: 60_000 }).toMatch(/code=tgc_/);
    expect(watched.violations).toEqual([]);
    expect(watched.errors).toEqual([]);
  });
});
