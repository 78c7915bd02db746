import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import {
  type ProtectedResourceOptions,
  protectedResource,
} from "../../../src/resource-server/bearer.ts";
import { decide } from "../../../src/resource-server/verification.ts";

const OPTIONS = {
  resource: "https://mcp.example.com/mcp",
  authorizationServers: ["https://login.example.com"],
};
const WELL_KNOWN = "https://mcp.example.com/.well-known/oauth-protected-resource";

describe("the metadata", () => {
  const notes = protectedResource({
    ...OPTIONS,
    scopes: "notes:read notes:write offline_access",
    name: "Notes",
    documentation: "https://example.com/docs",
  });

  test.each([`${WELL_KNOWN}/mcp`, `${WELL_KNOWN}/mcp/`, WELL_KNOWN, `${WELL_KNOWN}/`])(
    "is at %s, readable from every page, without offline_access",
    async (url) => {
      const response = await new Hono().use(notes.metadata).request(url);
      expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
      expect(response.headers.get("Content-Type")).toBe("application/json");
      expect(await response.json()).toEqual({
        resource: "https://mcp.example.com/mcp",
        authorization_servers: ["https://login.example.com"],
        scopes_supported: ["notes:read", "notes:write"],
        bearer_methods_supported: ["header"],
        resource_name: "Notes",
        resource_documentation: "https://example.com/docs",
      });
    },
  );

  test.each([`${WELL_KNOWN}/other`, `${WELL_KNOWN}-x`, "https://mcp.example.com/mcp"])(
    "is not at %s",
    async (url) => {
      expect(notes.metadataResponse(new Request(url))).toBeNull();
      expect((await new Hono().use(notes.metadata).request(url)).status).toBe(404);
    },
  );

  test.each([
    ["HEAD", 200],
    ["OPTIONS", 204],
    ["POST", 405],
  ])("responds to %s with %i", async (method, status) => {
    const response = notes.metadataResponse(new Request(WELL_KNOWN, { method }));
    expect([response?.status, await response?.text()]).toEqual([status, ""]);
  });

  test("allows the header that MCP clients send from pages", () => {
    const response = notes.metadataResponse(new Request(WELL_KNOWN, { method: "OPTIONS" }));
    expect(response?.headers.get("Access-Control-Allow-Headers")).toBe("*");
  });

  test("has only what is known", async () => {
    const response = protectedResource(OPTIONS).metadataResponse(new Request(WELL_KNOWN));
    expect(Object.keys((await response?.json()) ?? {})).toEqual([
      "resource",
      "authorization_servers",
      "bearer_methods_supported",
    ]);
  });
});

test.each([
  ["https://mcp.example.com/mcp", `${WELL_KNOWN}/mcp`],
  ["https://mcp.example.com/mcp/", `${WELL_KNOWN}/mcp`],
  ["https://mcp.example.com", WELL_KNOWN],
  ["https://mcp.example.com/", WELL_KNOWN],
  ["https://mcp.example.com/a/b?tenant=1", `${WELL_KNOWN}/a/b?tenant=1`],
  ["http://localhost:8788/mcp", "http://localhost:8788/.well-known/oauth-protected-resource/mcp"],
])("the metadata of %s is at %s", (resource, metadataUrl) => {
  expect(protectedResource({ ...OPTIONS, resource }).metadataUrl).toBe(metadataUrl);
});

test.each<[string, object]>([
  ["resource", { resource: undefined }],
  ["resource", { resource: "mcp.example.com" }],
  ["resource", { resource: "https://mcp.example.com/#mcp" }],
  ["resource", { resource: 'https://mcp.example.com/"' }],
  ["authorizationServers", { authorizationServers: [] }],
  ["authorizationServers", { authorizationServers: [undefined] }],
  ["authorizationServers", { authorizationServers: "https://login.example.com" }],
  ["scopes", { scopes: 'a"b' }],
])("a mistake in %s is a TypeError: %j", (name, wrong) => {
  const options = { ...OPTIONS, ...wrong } as ProtectedResourceOptions;
  expect(() => protectedResource(options)).toThrow(`protectedResource: ${name}`);
});

describe("the required audience", () => {
  const kindOf = (audience: string, actual: string) => {
    const token = { clientId: "a", subject: null, scope: [], claims: {}, expiresAt: 1 };
    return decide({ ...token, audience: actual }, { audience }).kind;
  };

  test.each([
    ["https://api.example.com", "https://api.example.com/"],
    ["https://api.example.com/", "https://api.example.com"],
  ])("%s accepts %s", (audience, actual) => {
    expect(kindOf(audience, actual)).toBe("verified");
  });

  test.each([
    ["https://api.example.com/a", "https://api.example.com/a/"],
    ["https://api.example.com", "https://api.example.com//"],
    ["https://api.example.com", "https://api.example.com.evil.example/"],
    ["https://api.example.com", "http://api.example.com"],
  ])("%s does not accept %s", (audience, actual) => {
    expect(kindOf(audience, actual)).toBe("invalid_token");
  });
});
