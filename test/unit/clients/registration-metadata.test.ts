import { describe, expect, test } from "vitest";
import { normalizeMetadata } from "../../../src/clients/registration-metadata.ts";
import { MetadataError } from "../../../src/errors/metadata-error.ts";
import { CLIENT_AUTH_METHODS } from "../../../src/protocol/names.ts";

const RULES = { authMethods: CLIENT_AUTH_METHODS, defaultAuthMethod: "none" } as const;
const URI = "https://client.example/callback";
const MINIMAL = { redirect_uris: [URI] };

/** An Ed25519 key of RFC 8037, appendix A.2. */
const KEY = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };

const normalize = (json: object) => normalizeMetadata(json, RULES);

function errorOf(json: unknown): unknown {
  try {
    return normalizeMetadata(json, RULES);
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    return [error.code, error.description];
  }
}

test("metadata has one form, whatever was left out or added", () => {
  const normal = {
    client_name: "",
    redirect_uris: [URI],
    grant_types: ["authorization_code"],
    token_endpoint_auth_method: "none",
  };
  expect(normalize(MINIMAL)).toEqual(normal);
  const verbose = {
    application_type: "web",
    logo_uri: "javascript:alert(1)",
    contacts: 1,
    client_name: "",
    jwks: null,
    jwks_uri: "",
    scope: "",
    response_types: ["code", "id_token"],
    redirect_uris: [URI, URI],
    "client_name#de": "Kunde",
    token_endpoint_auth_method: null,
  };
  expect(JSON.stringify(normalize(verbose))).toBe(JSON.stringify(normal));
});

test("grants and scopes that only an operator gives are dropped", () => {
  const all = ["refresh_token", "password", "urn:ietf:params:oauth:grant-type:device_code"];
  const grant_types = [...all, "client_credentials", "authorization_code"];
  const scope = "read admin introspection write read";
  expect(normalize({ ...MINIMAL, grant_types, scope })).toMatchObject({
    grant_types: ["authorization_code", "refresh_token"],
    scope: "read write",
  });
});

test("redirect URIs of all safe kinds may be mixed", () => {
  const redirect_uris = [
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback",
    ...["http://localhost:8787/callback", "http://127.0.0.1/callback", "http://[::1]:3000/"],
  ];
  expect(normalize({ redirect_uris }).redirect_uris).toEqual(redirect_uris);
});

test("keys are kept for private_key_jwt alone", () => {
  const method = { token_endpoint_auth_method: "private_key_jwt" };
  const jwks_uri = "https://client.example/keys";
  expect(normalize({ ...MINIMAL, ...method, jwks_uri })).toMatchObject({ ...method, jwks_uri });
  const jwks = { keys: [KEY] };
  expect(normalize({ ...MINIMAL, ...method, jwks })).toMatchObject({ ...method, jwks });
  const publicClient = normalize({ ...MINIMAL, jwks: { keys: ["broken"] }, jwks_uri: "ftp://x" });
  expect(publicClient).not.toHaveProperty("jwks");
  expect(publicClient).not.toHaveProperty("jwks_uri");
});

describe("an unsafe redirect URI is rejected by name", () => {
  test.each([
    ...["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x"],
    ...["file:///etc/passwd", "blob:https://client.example/x", "about:blank", "mailto:a@b.example"],
    ...["http://client.example/callback", "http://localhost.evil.example/", "/callback"],
    ...["https://client.example/callback#a", "https://user@client.example/callback"],
  ])("%s", (uri) => {
    const error = errorOf({ redirect_uris: [URI, uri] });
    expect(error).toEqual(["invalid_redirect_uri", expect.stringContaining(uri)]);
  });

  test("in a text that a header may contain", () => {
    const error = errorOf({ redirect_uris: [`x"\\\n\u00fc${"a".repeat(3000)}`] });
    expect(error).toEqual([
      "invalid_redirect_uri",
      expect.stringMatching(/^x\?{4}a{195}: [\x20-\x7e]{1,200}$/),
    ]);
  });
});

test.each([
  ["no redirect URI", { redirect_uris: undefined }, "redirect_uris: is missing"],
  ["an empty list", { redirect_uris: [] }, "redirect_uris: is empty"],
  ["text instead of a list", { redirect_uris: URI }, "redirect_uris: is"],
  ["a number in the list", { redirect_uris: [1] }, "1: "],
  [
    "too many redirect URIs",
    { redirect_uris: Array.from({ length: 21 }, (_, at) => `${URI}${at}`) },
    "has more than 20",
  ],
])("redirect URIs: %s is rejected", (_, json, words) => {
  const error = ["invalid_redirect_uri", expect.stringContaining(words)];
  expect(errorOf({ ...MINIMAL, ...json })).toEqual(error);
});

test.each([
  ["a name that is not text", { client_name: {} }, "client_name: "],
  ["a long name", { client_name: "a".repeat(256) }, "client_name: is"],
  ["a line feed in a name", { client_name: "a\nb" }, "client_name: has"],
  ["grants as text", { grant_types: "refresh_token" }, "grant_types: "],
  ["no grant for browsers", { grant_types: ["password"] }, "grant_types"],
  ["no code", { response_types: ["token"] }, "response_types: has no"],
  ["an unknown method", { token_endpoint_auth_method: "tls_client_auth" }, "auth_method: must be"],
  ["a scope with a comma", { scope: "a,b" }, "scope: "],
  ["no scope that is left", { scope: "admin" }, "scope: has no scope"],
])("%s is rejected", (_, json, words) => {
  const error = ["invalid_client_metadata", expect.stringContaining(words)];
  expect(errorOf({ ...MINIMAL, ...json })).toEqual(error);
});

const BY_KEY = { ...MINIMAL, token_endpoint_auth_method: "private_key_jwt" };
const PRIVATE = { ...KEY, d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" };

test.each([
  ["no keys", {}],
  ["two sources of keys", { jwks: { keys: [KEY] }, jwks_uri: "https://client.example/keys" }],
  ["a private key", { jwks: { keys: [PRIVATE] } }],
  ["a shared key", { jwks: { keys: [{ kty: "oct", k: "AAAA" }] } }],
  ["no key in the set", { jwks: { keys: [] } }],
  ["keys on this machine", { jwks_uri: "https://localhost/keys" }],
  ["keys without TLS", { jwks_uri: "http://client.example/keys" }],
])("private_key_jwt with %s is rejected", (_, json) => {
  const error = ["invalid_client_metadata", expect.stringMatching(/^jwks/)];
  expect(errorOf({ ...BY_KEY, ...json })).toEqual(error);
});

test.each([null, [], "text", 1])("%j is no metadata", (json) => {
  expect(errorOf(json)).toEqual(["invalid_client_metadata", "the metadata is not a JSON object"]);
});
