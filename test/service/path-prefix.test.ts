import { beforeAll, describe, expect, test } from "vitest";
import { openApiDocument } from "../../src/openapi/document.ts";
import { askByAssertion, newAssertion, registerKeyClient } from "../support/assertions.ts";
import { newKey } from "../support/keys.ts";
import { whole } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const ORIGIN = "https://login.example.com";
const service = createService({ PATH_PREFIX: "/api/o /oauth2" });
beforeAll(() => registerDefaults(service));

const basic = { Authorization: `Basic ${btoa("client:secret")}` };
const post = (path: string, fields: Record<string, string>) =>
  service.fetch(path, { method: "POST", headers: basic, body: new URLSearchParams(fields) });

describe("with PATH_PREFIX", () => {
  test.each(["/api/o", "/oauth2"])("every endpoint answers under %s", async (prefix) => {
    const response = await post(`${prefix}/token/`, LOGIN);
    expect(response.status).toBe(200);
    const { access_token: token } = await response.json<{ access_token: string }>();
    const active = await post(`${prefix}/introspect/`, { token });
    expect(await active.json()).toMatchObject({ active: true, iss: ORIGIN });
    expect((await post(`${prefix}/revoke_token`, { token })).status).toBe(200);
    expect((await service.fetch(`${prefix}/.well-known/jwks.json`)).status).toBe(200);
  });

  test.each([
    "/.well-known/oauth-authorization-server",
    "/api/o/.well-known/oauth-authorization-server",
    "/oauth2/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/api/o",
    "/.well-known/oauth-authorization-server/oauth2",
  ])("the metadata at %s names the first", async (path) => {
    expect(await (await service.fetch(path)).json()).toMatchObject({
      issuer: ORIGIN,
      token_endpoint: `${ORIGIN}/api/o/token/`,
      revocation_endpoint: `${ORIGIN}/api/o/revoke_token/`,
      introspection_endpoint: `${ORIGIN}/api/o/introspect/`,
      jwks_uri: `${ORIGIN}/api/o/.well-known/jwks.json`,
    });
  });

  test.each(["/o/token/", "/token/", "/api/token/", "/oauth2/oauth2/token/"])(
    "nothing answers at %s",
    async (path) => {
      expect((await post(path, LOGIN)).status).toBe(404);
    },
  );

  test.each(["/api/o", "/oauth2"])("an assertion may name an endpoint under %s", async (prefix) => {
    const key = await newKey();
    await registerKeyClient(service, `signer of ${prefix}`, key);
    for (const path of ["/token/", "/token", "/revoke_token/", "/introspect/"]) {
      const aud = ORIGIN + prefix + path;
      const assertion = await newAssertion(`signer of ${prefix}`, key, { aud });
      expect(await askByAssertion(service, assertion, undefined, `${prefix}/token/`)).toMatchObject(
        {
          status: 200,
        },
      );
    }
    const elsewhere = await newAssertion(`signer of ${prefix}`, key, { aud: `${ORIGIN}/o/token/` });
    expect(await askByAssertion(service, elsewhere, undefined, `${prefix}/token/`)).toMatchObject({
      status: 401,
    });
  });

  test("every path that the OpenAPI document then has answers", async () => {
    const { paths } = openApiDocument("/api/o");
    const own = Object.keys(paths as object).filter((path) => !path.startsWith("/admin/"));
    expect(own).toContain("/.well-known/oauth-authorization-server/api/o");
    for (const path of own) {
      expect([path, (await service.fetch(path)).status]).not.toEqual([path, 404]);
    }
  });

  test("the landing page names the first", async () => {
    expect(await (await service.fetch("/")).json()).toMatchObject({
      jwks: `${ORIGIN}/api/o/.well-known/jwks.json`,
      documentation: `${ORIGIN}/docs`,
    });
    const page = await service.fetch("/", { headers: { Accept: "text/html" } });
    expect(await page.text()).toContain('"/api/o/.well-known/jwks.json"');
  });
});

test("an issuer may have the path of a prefix, and its endpoints are at the origin", async () => {
  const issuer = `${ORIGIN}/oauth2`;
  const named = createService({ PATH_PREFIX: "/api/o /oauth2", ISSUER: issuer });
  const metadata = await named.fetch("/.well-known/oauth-authorization-server/oauth2");
  expect(await metadata.json()).toMatchObject({
    issuer,
    token_endpoint: `${ORIGIN}/api/o/token/`,
  });
});

test("an invalid prefix is 503 where the default one is, and nowhere is it 200", async () => {
  const invalid = createService({ PATH_PREFIX: "oauth2" });
  expect((await whole(await invalid.fetch("/o/token/", { method: "POST" }))).status).toBe(503);
});
