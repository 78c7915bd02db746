import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page, Response as PageResponse } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { describeWithBrowser, openPage } from "../support/browser.ts";
import { CALLBACK, visit } from "../support/libraries/code-client.ts";
import { USER } from "../support/libraries/independent-client.ts";
import { ownDir } from "../support/own-state.ts";
import { start } from "../support/processes.ts";
import { type SpaSite, startSpaSite } from "../support/resource-servers/spa-site.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";
import { newSigningKeys } from "../support/wire.ts";

const text = readFileSync(join(PROJECT_DIR, "docs/signing-in.md"), "utf8");

/** The examples of docs/signing-in.md, by the names in their first lines. */
const EXAMPLES = new Map(
  [...text.matchAll(/^```js\n\/\/ (\S+)\n(.*?)^```$/gms)].map(([, name = "", code = ""]) => {
    return [name, code];
  }),
);

const MODULES = join(PROJECT_DIR, "node_modules");
const grant_types = ["authorization_code", "refresh_token"];
const dir = ownDir();
let service: RunningService;
let sites: Record<"OAuth" | "OpenID", SpaSite>;

beforeAll(async () => {
  symlinkSync(MODULES, join(dir, "node_modules"));
  writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
  for (const [name, code] of EXAMPLES) writeFileSync(join(dir, name), code);
  sites = {
    OAuth: await startSpaSite(() => pageFor("OAuth")),
    OpenID: await startSpaSite(() => pageFor("OpenID")),
  };
  const clients = [
    { client_id: "shop", client_secret: "secret", grant_types, redirect_uris: [CALLBACK] },
    {
      client_id: "shop-page",
      token_endpoint_auth_method: "none",
      grant_types,
      redirect_uris: ["http://localhost/", "http://127.0.0.1/"],
      allowed_origins: [sites.OAuth.at("localhost"), sites.OpenID.at("localhost")],
      post_logout_redirect_uris: [`${sites.OpenID.at("localhost")}/`],
      // The library renews a token in its last minute: here, each second.
      access_token_ttl_seconds: 61,
    },
    {
      client_id: "shop-cli",
      token_endpoint_auth_method: "none",
      grant_types,
      redirect_uris: ["http://127.0.0.1/callback"],
    },
  ];
  const users = [{ ...USER, profile: { name: "Ada Lovelace" } }];
  const SIGNING_KEYS = await newSigningKeys("RS256");
  service = await startRunningService({ clients, users }, { SIGNING_KEYS });
});
afterAll(async () => {
  for (const site of Object.values(sites ?? {})) site.stop();
  await service?.stop();
});

/** The page's code for the service, and with the changes that the document names for OpenID. */
function pageFor(kind: "OAuth" | "OpenID"): string {
  const code = codeOf("page.js").replace("https://login.example.com", service.origin);
  if (kind === "OAuth") return code;
  return changed(code, [
    [/metadataUrl: .*/, 'post_logout_redirect_uri: location.origin + "/",'],
    [/await manager.revokeTokens.*?await show\(\);/s, "await manager.signoutRedirect();"],
    ["read write", "openid profile"],
    ['"Signed in"', "user.profile.name"],
  ]);
}

function codeOf(name: string): string {
  return EXAMPLES.get(name) ?? "";
}

/** @throws Error when there is nothing to replace */
function changed(code: string, changes: readonly [string | RegExp, string][]): string {
  return changes.reduce((text, [from, to]) => {
    const next = text.replace(from, () => to);
    if (next === text) throw new Error(`The code has no ${from}`);
    return next;
  }, code);
}

test("each example is about forty lines long", () => {
  const lengths = [...EXAMPLES].map(([name, code]) => [name, code.split("\n").length < 60]);
  expect(Object.fromEntries(lengths)).toEqual({
    "web-app.js": true,
    "page.js": true,
    "program.js": true,
  });
});

describe("the web application", () => {
  type App = { request(url: string, init?: RequestInit): Promise<Response> };
  let app: App;
  let cookie = "";

  beforeAll(async () => {
    vi.stubEnv("ISSUER", service.origin);
    vi.stubEnv("CLIENT_ID", "shop");
    vi.stubEnv("CLIENT_SECRET", "secret");
    vi.stubEnv("CALLBACK", CALLBACK);
    ({ default: app } = await vi.importActual<{ default: App }>(join(dir, "web-app.js")));
  });
  afterAll(() => vi.unstubAllEnvs());

  async function ask(url: string | URL, method = "GET"): Promise<Response> {
    const response = await app.request(String(url), { method, headers: { Cookie: cookie } });
    cookie = response.headers.get("Set-Cookie")?.split(";")[0] ?? cookie;
    return response;
  }
  const locationOf = ({ headers }: Response) => headers.get("Location") ?? "";

  test("signs in and out, and its session id changes with the sign-in", async () => {
    expect(locationOf(await ask("/"))).toBe("/login");
    const begun = await ask("/login");
    const before = cookie;
    expect(locationOf(await ask(await visit(locationOf(begun))))).toBe("/");
    expect(cookie).not.toBe(before);
    expect(await (await ask("/")).text()).toBe("Signed in");
    expect(locationOf(await ask("/logout", "POST"))).toBe("/");
    expect(locationOf(await ask("/"))).toBe("/login");
  });

  test("knows who the user is, with the changes for OpenID", async () => {
    const code = changed(codeOf("web-app.js"), [
      [/ +algorithm: "oauth2",\n/, ""],
      ["read write", "openid profile"],
      ['"Signed in"', "tokens.claims().name"],
    ]);
    writeFileSync(join(dir, "openid-app.js"), code);
    ({ default: app } = await vi.importActual<{ default: App }>(join(dir, "openid-app.js")));
    const begun = await ask("/login");
    await ask(await visit(locationOf(begun)));
    expect(await (await ask("/")).text()).toBe("Ada Lovelace");
  });

  test("rejects the response to another browser's request", async () => {
    const begun = await ask("/login");
    const callback = await visit(locationOf(begun));
    await ask("/login");
    expect((await ask(callback)).status).toBe(500);
  });
});

describe("the program", () => {
  test("signs in", async () => {
    const env = { ISSUER: service.origin };
    const { ended, output } = start(process.execPath, [join(dir, "program.js")], { env });
    const url = () => /open (\S+)/.exec(output())?.[1] ?? "";
    await expect.poll(url, { timeout: 60_000 }).not.toBe("");
    const response = await fetch(await visit(url()));
    expect(await response.text()).toBe("Signed in. You can close this window.");
    expect(await ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("with the scope read write"),
    });
  });
});

describeWithBrowser("the page, in Chromium", (browser) => {
  /** Signs in from the page at an origin. @returns the page, back there */
  async function signInFrom(origin: string): Promise<{ page: Page; exchanges: PageResponse[] }> {
    const { page } = await openPage(browser());
    const exchanges: PageResponse[] = [];
    page.on("response", (response) => {
      if (response.url().endsWith("/o/token/")) exchanges.push(response);
    });
    await page.goto(origin);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("User").fill(USER.username);
    await page.getByLabel("Password").fill(USER.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Allow" }).click();
    await page.waitForURL(`${origin}/`);
    return { page, exchanges };
  }

  test.each([
    ["OAuth", "Signed in"],
    ["OpenID", "Ada Lovelace"],
  ] as const)("signs in with %s, renews its tokens, and signs out", async (kind, status) => {
    const { page, exchanges } = await signInFrom(sites[kind].at("localhost"));
    await page.getByText(status, { exact: true }).waitFor();
    // The second is proof that the library accepted the tokens of the first.
    const renewals = () =>
      exchanges.filter((response) => {
        const isRefresh = response.request().postData()?.includes("grant_type=refresh_token");
        return isRefresh === true && response.status() === 200;
      });
    await expect.poll(() => renewals().length, { timeout: 60_000 }).toBeGreaterThan(1);
    const ended = page.waitForResponse(kind === "OAuth" ? /revoke_token/ : /logout/);
    await page.getByRole("button", { name: "Sign out" }).click();
    expect((await ended).status()).toBe(kind === "OAuth" ? 200 : 302);
    await page.getByText("Signed out", { exact: true }).waitFor();
  });

  test("cannot exchange its code from an origin that is not registered", async () => {
    const { page } = await signInFrom(sites.OAuth.at("127.0.0.1"));
    await page.getByText(/^Not signed in: /).waitFor();
  });
});
