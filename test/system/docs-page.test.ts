import { resolve } from "node:path";
import type { Locator } from "playwright-core";
import { beforeAll, expect, inject, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { describeWithBrowser, openPage, type WatchedPage } from "../support/browser.ts";
import { DOCUMENTED } from "../support/openapi.ts";
import { DEMO_LOGIN } from "../support/server.ts";

const { url } = inject("server");
const [CLIENT_ID, CLIENT_SECRET] = ["demo-client", "demo-secret"];

/** Set to any value, it makes the picture in docs/ anew. */
const { SCREENSHOT } = process.env;
const PICTURE = resolve(PROJECT_DIR, "docs/api-page.png");

describeWithBrowser("the page of the API", (browser) => {
  let watched: WatchedPage;
  beforeAll(async () => {
    watched = await openPage(browser());
    await watched.page.goto(`${url}/docs`);
  });

  test("shows every operation", async () => {
    await operation("issueTokens").waitFor();
    for (const { operationId } of DOCUMENTED) {
      expect(await operation(operationId).count(), operationId).toBe(1);
    }
  });

  test("logs in with the password grant, at Authorize", async () => {
    const { page } = watched;
    await page.getByRole("button", { name: "Authorize", exact: true }).first().click();
    const flow = page.locator(".auth-container", { hasText: "oauth2 (OAuth2, password)" });
    await flow.getByLabel("username:").fill(DEMO_LOGIN.username);
    await flow.getByLabel("password:").fill(DEMO_LOGIN.password);
    await flow.getByLabel("client_id:").fill(CLIENT_ID);
    await flow.getByLabel("client_secret:").fill(CLIENT_SECRET);
    // Those of the deployment, which the document cannot know.
    const scopes = await flow.locator(".scopes .name").allTextContents();
    expect(scopes).toEqual(["read", "write", "groups", "introspection"]);
    await flow.getByText("select all").click();
    const answered = page.waitForResponse(`${url}/o/token/`);
    await flow.getByRole("button", { name: "Apply given OAuth2 credentials" }).click();
    expect((await answered).status()).toBe(200);
    await flow.getByRole("heading", { name: "Authorized" }).waitFor();
    await flow.getByRole("button", { name: "Close" }).click();
  });

  test("gets a token at Try it out", async () => {
    const answer = await tryOut("issueTokens", {
      ...DEMO_LOGIN,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      scope: "read",
    });
    expect(answer).toEqual({
      status: "200",
      body: {
        access_token: expect.stringMatching(/^tga_/),
        expires_in: 3600,
        token_type: "Bearer",
        scope: "read",
        refresh_token: expect.stringMatching(/^tgr_/),
      },
    });
    if (SCREENSHOT === undefined) return;
    await operation("issueTokens").locator(".live-responses-table").scrollIntoViewIfNeeded();
    await watched.page.screenshot({ path: PICTURE });
  });

  test("calls with the token that it got at Authorize", async () => {
    const answer = await tryOut("introspectTokenInQuery", { token: "unknown" });
    expect(answer).toEqual({ status: "200", body: { active: false } });
  });

  test("asked no other host for anything, and broke no rule of its policy", () => {
    const origins = new Set(watched.requests.map((request) => new URL(request).origin));
    expect([...origins]).toEqual([url]);
    expect(watched.violations).toEqual([]);
    expect(watched.errors).toEqual([]);
  });

  test("could not ask another host if it tried", async () => {
    const tried = watched.page.evaluate(`fetch("https://example.com/").then(() => "answered")`);
    await expect(tried).rejects.toThrow("Failed to fetch");
    await expect.poll(() => watched.violations).toEqual(["connect-src https://example.com/"]);
  });

  function operation(operationId: string): Locator {
    return watched.page.locator(`[id$="-${operationId}"].opblock`);
  }

  /** Opens an operation, fills its fields and executes it. */
  async function tryOut(operationId: string, fields: Readonly<Record<string, string>>) {
    const block = operation(operationId);
    await block.locator(".opblock-summary-control").click();
    await block.getByRole("button", { name: "Try it out" }).click();
    for (const [name, value] of Object.entries(fields)) {
      const row = block.locator(`[data-param-name="${name}"], [data-property-name="${name}"]`);
      const choice = row.locator("select");
      if ((await choice.count()) > 0) await choice.selectOption(value);
      else await row.locator("input, textarea").first().fill(value);
    }
    await block.getByRole("button", { name: "Execute" }).click();
    const live = block.locator(".live-responses-table");
    await live.waitFor();
    const cellOf = (name: string) => live.locator(`.response .${name}`).first().textContent();
    const status = await cellOf("response-col_status");
    const body = await cellOf("highlight-code code");
    return { status, body: JSON.parse(body ?? "") as unknown };
  }
});

describeWithBrowser("the landing page", (browser) => {
  test("leads to the page of the API, and breaks no rule of its policy", async () => {
    const { page, requests, violations, errors } = await openPage(browser());
    await page.goto(url);
    const width = await page.locator("body").evaluate("(body) => getComputedStyle(body).maxWidth");
    expect(width).not.toBe("none");
    await page.getByRole("link", { name: "The API" }).click();
    await page.getByRole("heading", { name: "Tollgate" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/docs");
    expect(new Set(requests.map((request) => new URL(request).origin))).toEqual(new Set([url]));
    expect({ violations, errors }).toEqual({ violations: [], errors: [] });
  });
});
