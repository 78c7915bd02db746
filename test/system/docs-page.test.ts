import axe, { type AxeResults } from "axe-core";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { describeWithBrowser, openPage, type WatchedPage } from "../support/browser.ts";
import { DOCUMENTED } from "../support/openapi.ts";
import { ownState } from "../support/own-state.ts";
import { type Server, signInLinkIn, startServer } from "../support/server.ts";

const { url } = inject("server");

/** The form of an operation, or of one of its examples. */
function formOf(page: Page, operationId: string, example?: string): Locator {
  const article = page.locator(`article#${operationId}`);
  return example === undefined
    ? article.locator("details.single form")
    : article.locator(`[data-example="${example}"] form`);
}

/** Opens the section of a form, and sends it. @returns the response as the page shows it */
async function send(form: Locator): Promise<{ status: string; body: string }> {
  if (!(await form.isVisible())) await form.locator("xpath=../summary").click();
  await form.getByRole("button", { name: "Send" }).click();
  await form.locator(".result .status").waitFor();
  const status = (await form.locator(".result .status").textContent()) ?? "";
  const pre = form.locator(".result pre");
  return { status, body: (await pre.count()) === 0 ? "" : ((await pre.textContent()) ?? "") };
}

describeWithBrowser("the API page, on a local service", (browser) => {
  let watched: WatchedPage;
  beforeAll(async () => {
    watched = await openPage(browser());
    await watched.page.goto(`${url}/docs`);
    await watched.page.waitForFunction("document.querySelector('#client-id').value !== ''");
    await watched.page
      .getByRole("heading", { name: "Users and clients" })
      .waitFor({ state: "hidden" });
  });

  test("shows every operation that is on, and none of the management API, which is off", async () => {
    const { page } = watched;
    const shown: string[] = [];
    for (const { operationId } of DOCUMENTED) {
      if (await page.locator(`article#${operationId}`).isVisible()) shown.push(operationId);
    }
    const on = DOCUMENTED.filter(({ path }) => !path.startsWith("/admin"));
    expect(shown).toEqual(on.map(({ operationId }) => operationId));
    expect(await page.getByRole("navigation").getByRole("link").count()).toBe(on.length);
  });

  test("gets tokens with each grant, without typing", async () => {
    const { page } = watched;
    for (const grant of ["password", "refresh_token", "client_credentials"]) {
      const { status, body } = await send(formOf(page, "issueTokens", grant));
      expect({ grant, status }).toEqual({ grant, status: "200 OK" });
      expect(JSON.parse(body)).toMatchObject({ access_token: expect.stringMatching(/^tga_/) });
    }
  });

  test("introspects the token that it got, and revokes it", async () => {
    const { page } = watched;
    await send(formOf(page, "issueTokens", "password"));
    const live = await send(formOf(page, "introspectToken"));
    expect(JSON.parse(live.body)).toMatchObject({ active: true, username: "demo" });
    expect(await send(formOf(page, "revokeToken"))).toEqual({ status: "200 OK", body: "" });
    const ended = await send(formOf(page, "introspectToken"));
    expect(JSON.parse(ended.body)).toEqual({ active: false });
  });

  test("shows the request as a curl line, without the secret", async () => {
    const curl = formOf(watched.page, "issueTokens", "password").locator(".curl");
    expect(await curl.textContent()).toContain(`grant_type=password&username=demo`);
    expect(await curl.textContent()).not.toContain("demo-secret");
  });

  test("sent no request to another host, and did not violate its policy", () => {
    const origins = new Set(watched.requests.map((request) => new URL(request).origin));
    expect([...origins]).toEqual([url]);
    expect(watched.violations).toEqual([]);
    expect(watched.errors).toEqual([]);
  });

  test.each([
    { client: "a wrong secret", id: "demo-client", secret: "wrong" },
    { client: "an unknown client", id: "nobody", secret: "wrong" },
    { client: "no client", id: "", secret: "" },
    { client: "a secret without a client", id: "", secret: "wrong" },
  ])("shows the error of $client, without the browser's sign-in box", async ({ id, secret }) => {
    const { page } = watched;
    await page.getByLabel("Client id").fill(id);
    await page.getByLabel(/^Client secret/).fill(secret);
    for (const form of [formOf(page, "issueTokens", "password"), formOf(page, "revokeToken")]) {
      const asked = page.waitForResponse((answer) => answer.status() === 401);
      const { status, body } = await send(form);
      expect(status).toBe("401 Unauthorized");
      expect(JSON.parse(body)).toMatchObject({ error: expect.stringMatching(/^invalid_/) });
      expect((await asked).headers()["www-authenticate"]).not.toMatch(/basic/i);
    }
  });

  test("cannot send a request to another host", async () => {
    const tried = watched.page.evaluate(`fetch("https://example.com/").then(() => "answered")`);
    await expect(tried).rejects.toThrow("Failed to fetch");
    await expect.poll(() => watched.violations).toEqual(["connect-src https://example.com/"]);
  });
});

describeWithBrowser("with the management API on, under another prefix", (browser) => {
  const stateDir = ownState();
  let server: Server;
  beforeAll(async () => {
    const args = ["--var", "MANAGEMENT_API:on", "--var", "PATH_PREFIX:/oauth2 /o"];
    server = await startServer({ stateDir, args });
  });
  afterAll(() => server?.stop());

  test("the page shows every operation", async () => {
    const { page } = await openPage(browser());
    await page.goto(`${server.url}/docs`);
    await page.locator("article#createUser").waitFor();
    for (const { operationId } of DOCUMENTED) {
      expect(await page.locator(`article#${operationId}`).isVisible(), operationId).toBe(true);
    }
    const paths = await page.locator("code[data-path]").allTextContents();
    expect(paths).toContain("/.well-known/oauth-authorization-server/oauth2");
    expect(paths.filter((path) => /^\/o\/|\/o$/.test(path))).toEqual([]);
  });

  test("the page calls the first prefix", async () => {
    const { page, requests } = await openPage(browser());
    await page.goto(`${server.url}/docs`);
    await page.locator("article#createUser").waitFor();
    const form = formOf(page, "issueTokens", "password");
    expect(await send(form)).toMatchObject({ status: "200 OK" });
    expect(await form.locator(".curl").textContent()).toContain(`${server.url}/oauth2/token/`);
    expect(requests).toContain(`${server.url}/oauth2/token/`);
  });

  describe("the link that npm start prints", () => {
    /** Opens the link and signs in. @returns the form that the sign-in ends at */
    async function signIn(decision: "Allow" | "Deny"): Promise<{ page: Page; form: Locator }> {
      const { page } = await openPage(browser());
      await page.goto(signInLinkIn(server.running.output()));
      await page.getByLabel("Password").fill("demo-password");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("button", { name: decision }).click();
      const form = formOf(page, "issueTokens", "authorization_code");
      await form.locator(".result .status").waitFor();
      return { page, form };
    }

    test("signs the demo user in, and the page exchanges the code", async () => {
      const { page, form } = await signIn("Allow");
      expect(page.url()).toBe(`${server.url}/docs`);
      expect(await form.locator(".curl").textContent()).toContain("code=tgc_");
      const { status, body } = await send(form);
      expect(status).toBe("200 OK");
      expect(JSON.parse(body)).toMatchObject({ refresh_token: expect.stringMatching(/^tgr_/) });
    });

    test("ends with the error, if the user denies", async () => {
      const { form } = await signIn("Deny");
      expect(await form.locator(".result .status").textContent()).toBe("access_denied");
    });
  });
});

describeWithBrowser("pages", (browser) => {
  describe.each(["/docs", "/", "/nope"])("%s is accessible:", (path) => {
    const SCREENS = [1280, 375, 320].flatMap((width) => {
      return (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme }));
    });
    let page: Page;
    beforeAll(async () => {
      page = await (await browser().newContext()).newPage();
      await page.goto(url + path);
      await page.evaluate(
        "for (const one of document.querySelectorAll('details')) one.open = true",
      );
      await page.evaluate(axe.source);
    });
    afterAll(() => page.context().close());

    test.each(SCREENS)("at $width px, $colorScheme", async ({ width, colorScheme }) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      const inner = await page.evaluate("document.documentElement.scrollWidth");
      expect(inner).toBeLessThanOrEqual(width);
      const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
      expect(background).toBe(colorScheme === "light" ? "rgb(255, 255, 255)" : "rgb(16, 20, 27)");
      expect((await page.screenshot()).length).toBeGreaterThan(2000);
      const { violations, passes } = (await page.evaluate("axe.run()")) as AxeResults;
      expect(passes.length).toBeGreaterThan(5);
      expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
    });
  });
});

describeWithBrowser("the landing page", (browser) => {
  test("links to the API page, and does not violate its policy", async () => {
    const { page, requests, violations, errors } = await openPage(browser());
    await page.goto(url);
    await page.getByRole("link", { name: "The API" }).click();
    await page.getByRole("heading", { name: "Tollgate API" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/docs");
    expect(new Set(requests.map((request) => new URL(request).origin))).toEqual(new Set([url]));
    expect({ violations, errors }).toEqual({ violations: [], errors: [] });
  });
});
