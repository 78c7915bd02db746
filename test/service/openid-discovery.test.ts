import { beforeAll, describe, expect, test } from "vitest";
import { newBrowser } from "../support/browsing.ts";
import { keySet, newKey } from "../support/keys.ts";
import {
  authorizeOpenId,
  changeRelyingParty,
  get,
  ISSUER,
  registerRelyingParty,
  tokensFor,
} from "../support/relying-party.ts";
import { createService, type Service } from "../support/service.ts";

const service: Service = createService();
beforeAll(() => registerRelyingParty(service));

describe("discovery", () => {
  test.each([
    "/.well-known/openid-configuration",
    "/o/.well-known/openid-configuration",
    "/o/.well-known/openid-configuration/",
    "/.well-known/openid-configuration/o",
  ])("%s is the metadata of the service", async (path) => {
    const { status, text, headers } = await get(service, path);
    expect(status).toBe(200);
    expect(text).toBe((await get(service, "/.well-known/oauth-authorization-server")).text);
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(JSON.parse(text)).toMatchObject({
      issuer: ISSUER,
      userinfo_endpoint: `${ISSUER}/o/userinfo/`,
      jwks_uri: `${ISSUER}/o/.well-known/jwks.json`,
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256", "RS256"],
      scopes_supported: expect.arrayContaining(["openid", "profile", "offline_access"]),
    });
  });
});

describe("without an RS256 key", () => {
  test("there is no OpenID", async () => {
    const plain = createService({ SIGNING_KEYS: keySet(await newKey()) });
    for (const path of ["/.well-known/openid-configuration", "/o/userinfo/"]) {
      expect((await get(plain, path)).status).toBe(404);
    }
    const { location } = await authorizeOpenId(newBrowser(plain));
    expect(location?.searchParams.get("error")).toBe("invalid_scope");
    const { text } = await get(plain, "/.well-known/oauth-authorization-server");
    expect(text).not.toMatch(/openid|userinfo/);
  });
});

describe("the scopes of OpenID", () => {
  test("are not part of a default scope that does not name them", async () => {
    const body = await tokensFor(service, { scope: undefined });
    expect(body["scope"]).toBe("read write groups");
  });

  test("do not exist for a client that acts for itself", async () => {
    await service.register({
      clients: [
        { client_id: "machine", client_secret: "secret", grant_types: ["client_credentials"] },
      ],
    });
    const fields = { grant_type: "client_credentials", scope: "openid" };
    const { body } = await service.token(fields, "machine:secret");
    expect(body).toMatchObject({ error: "invalid_scope" });
  });

  test("are only those that the client is registered for", async () => {
    await changeRelyingParty("scope", "read openid");
    const { location } = await authorizeOpenId(newBrowser(service), { scope: "openid email" });
    const body = await tokensFor(service);
    await changeRelyingParty("scope", null);
    expect(location?.searchParams.get("error")).toBe("invalid_scope");
    expect(body["scope"]).toBe("openid");
  });
});
