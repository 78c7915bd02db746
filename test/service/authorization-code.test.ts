import { beforeAll, describe, expect, test } from "vitest";
import {
  CALLBACK,
  codeOf,
  exchange,
  newBrowser,
  obtainCode,
  registerWebApps,
} from "../support/browsing.ts";
import { refresh } from "../support/requests.ts";
import { createService, type Service } from "../support/service.ts";

const service: Service = createService();
beforeAll(() => registerWebApps(service));

describe("the authorization code grant", () => {
  test("leads from the sign-in page over consent to tokens", async () => {
    const browser = newBrowser(service);
    // Other files may have consented for this user.
    const signInPage = await browser.authorize({ prompt: "consent" });
    expect(signInPage.status).toBe(200);
    expect(signInPage.text).toContain('autocomplete="current-password"');
    const consentPage = await browser.signIn(signInPage);
    expect(consentPage.text).toContain("Photo Printer");
    const redirect = await browser.allow(consentPage);
    expect(redirect.status).toBe(303);
    expect(redirect.location?.href).toMatch(new RegExp(`^${CALLBACK}\\?code=`));
    expect(redirect.location?.searchParams.get("state")).toBe("xyz");
    expect(redirect.location?.searchParams.get("iss")).toBe("https://login.example.com");
    const { status, body } = await exchange(service, codeOf(redirect));
    expect(body).toMatchObject({ token_type: "Bearer", scope: "read", expires_in: 3600 });
    expect(status).toBe(200);
    const refreshed = await refresh(service, String(body["refresh_token"]), {}, "web:secret");
    expect(refreshed).toMatchObject({ status: 200, body: { scope: "read" } });
    // Signed in and consented: no page any more.
    expect(codeOf(await browser.authorize())).not.toBe(codeOf(redirect));
  });

  test("yields tokens once for a code", async () => {
    const code = await obtainCode(service);
    const all = await Promise.all(Array.from({ length: 50 }, () => exchange(service, code)));
    expect(all.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
  });
});
