import { beforeAll, expect, test } from "vitest";
import { CALLBACK, newBrowser, registerWebApps, type Shown } from "../support/browsing.ts";
import { createService } from "../support/service.ts";

const service = createService();
beforeAll(async () => {
  await registerWebApps(service);
  const own = { client_id: "own", client_secret: "secret", skip_consent: true };
  const grant_types = ["authorization_code"];
  await service.register({ clients: [{ ...own, grant_types, redirect_uris: [CALLBACK] }] });
});

/** Each kind of page, and how it is reached. */
const PAGES: Readonly<Record<string, () => Promise<Shown>>> = {
  "sign-in": () => newBrowser(service).authorize(),
  "failed sign-in": async () => {
    const browser = newBrowser(service);
    return browser.signIn(await browser.authorize(), { password: "wrong" });
  },
  consent: async () => {
    const browser = newBrowser(service);
    return browser.signIn(await browser.authorize());
  },
  "choice of the account": async () => {
    const browser = newBrowser(service);
    await browser.signIn(await browser.authorize());
    return browser.authorize({ prompt: "select_account" });
  },
  error: () => newBrowser(service).authorize({ client_id: "no-such" }),
  "form from elsewhere": async () => {
    const browser = newBrowser(service);
    return browser.submit(await browser.authorize(), {}, { "Sec-Fetch-Site": "cross-site" });
  },
};

test.each(Object.keys(PAGES))(
  "the page %s is not framed, cached or linked to others",
  async (name) => {
    const { headers, text } = (await PAGES[name]?.()) ?? { headers: new Headers(), text: "" };
    const policy = headers.get("Content-Security-Policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    // Chromium applies it to every redirect after the form, also to those of the client.
    expect(policy.includes("form-action")).toBe(!text.includes('name="sealed_form"'));
    expect(policy).not.toContain("unsafe-inline");
    expect(headers.get("X-Frame-Options")).toBe("DENY");
    expect(headers.get("Referrer-Policy")).toBe("same-origin");
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    expect(headers.get("Access-Control-Allow-Origin")).toBe(null);
    expect(text).not.toMatch(/<script|<iframe|javascript:| on\w+=|(?:src|href)="(?:https?:)?\/\//i);
  },
);

test("a form is answered with 303, and its fields never leave the service", async () => {
  const browser = newBrowser(service);
  const shown = await browser.signIn(await browser.authorize({ client_id: "own" }));
  expect(shown.status).toBe(303);
  expect([...(shown.location?.searchParams.keys() ?? [])]).toEqual(["code", "state", "iss"]);
  const denied = newBrowser(service);
  const page = await denied.signIn(await denied.authorize());
  expect(await denied.submit(page, { decision: "deny" })).toMatchObject({ status: 303 });
  expect((await browser.authorize({ client_id: "own" })).status).toBe(302);
});
