import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codeOf, newBrowser } from "../browsing.ts";
import type { DjangoSite } from "../django/django-site.ts";
import { readRegistry } from "../local-database.ts";
import { CLIENTS, PASSWORD } from "./accounts.ts";
import { OURS, postTo } from "./old-and-new.ts";
import type { WalkPage } from "./page.ts";
import type { Walk } from "./walk.ts";

const PAGE = "Applications that sign users in";
const WEB = {
  CLIENT_ID: CLIENTS.web.id,
  // Twice: curl decodes the URL, and the service the form-encoding (RFC 6749 §2.3.1).
  CLIENT_SECRET: encodeURIComponent(encodeURIComponent(CLIENTS.web.secret)),
  REDIRECT_URI: "https://web.example.com/callback",
};

/** Signs users of the old site in for an application of the old site. */
export function testSignIn(walk: Walk): void {
  test("an application of Django signs a user of Django in, and gets tokens", async () => {
    const address = walk.block(PAGE, 0);
    const exchange = walk.block(PAGE, 1);
    const browser = newBrowser({ fetch: (path, init) => fetch(path, init) }, "");
    const asked = await browser.open(walk.operator.fill(address, WEB));
    const signedIn = { ...asked, action: new URL(asked.action ?? "", walk.clone.url).href };
    const consent = await browser.signIn(signedIn, { username: "bob", password: PASSWORD });
    expect(consent.text).toContain("The web");
    const allowed = { ...consent, action: new URL(consent.action ?? "", walk.clone.url).href };
    const redirect = await browser.allow(allowed);
    expect(redirect.location?.href).toMatch(/^https:\/\/web\.example\.com\/callback\?code=tgc_/);
    expect(redirect.location?.searchParams.get("state")).toBe("test");
    const line = walk.operator.fill(exchange, { ...WEB, CODE: codeOf(redirect) });
    const tokens = JSON.parse(await walk.operator.type(line));
    expect(tokens).toMatchObject(OURS.body);
    const fields = { grant_type: "refresh_token", refresh_token: tokens.refresh_token };
    expect(await postTo(walk.clone.url, "token", fields, CLIENTS.web)).toMatchObject(OURS);
    expect((await walk.introspect(tokens.access_token)).body).toMatchObject({ active: false });
  });

  test("the key of Django's ID tokens signs here, under the same kid", async () => {
    walk.operator.copyDump("oidc.key");
    const keysAt = async (origin: string) => {
      const response = await fetch(`${origin}/o/.well-known/jwks.json`);
      const { keys } = (await response.json()) as { keys: { kid: string; n?: string }[] };
      return keys;
    };
    const [{ kid, n } = { kid: "" }] = await keysAt(walk.site.origin);
    expect(n).toBeTypeOf("string");
    await walk.operator.type(walk.block(PAGE, 2));
    await walk.operator.type(walk.block(PAGE, 3), { KID: kid });
    await walk.clone.start();
    const ofRsa = (await keysAt(walk.clone.url)).filter((key) => key.n !== undefined);
    expect(ofRsa).toEqual([
      expect.objectContaining({ kid, n }),
      expect.objectContaining({ kid: expect.not.stringMatching(kid) }),
    ]);
  });

  test("the claims of Django's validator become profiles and claims", async () => {
    await exportClaims(walk.site, walk.block);
    walk.operator.copyDump("claims.json");
    await walk.operator.type(walk.block(PAGE, 6));
    const bob = readRegistry(walk.clone.stateDir).find(({ username }) => username === "bob");
    expect(JSON.parse(String(bob?.["claims"]))).toEqual({ department: "Computing" });
    const profile = { preferred_username: "bob", locale: "en-GB" };
    expect(JSON.parse(String(bob?.["profile"]))).toEqual(profile);
  });
}

/** Lets Django write `claims.json`, as the page says. */
export async function exportClaims(
  site: Pick<DjangoSite, "dir" | "type">,
  block: WalkPage["block"],
): Promise<void> {
  writeFileSync(join(site.dir, "export_claims.py"), block(PAGE, 4));
  expect(await site.type(block(PAGE, 5))).toMatchObject({ code: 0, stderr: "" });
}
