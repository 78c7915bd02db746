import { expect, test } from "vitest";
import type { Client } from "../../../src/clients/client.ts";
import { allowedScope, initialScope, scopesFor, targetOf } from "../../../src/clients/policy.ts";
import { addStored } from "../../../src/clients/resources.ts";
import { policyOf } from "../../../src/config/policy.ts";
import { OPENID_SCOPES } from "../../../src/protocol/names.ts";
import { toClient } from "../../../src/storage/clients.ts";
import { CLIENT_COLUMNS } from "../../support/client-columns.ts";

const PHOTOS = "https://photos.example.com";
const NOTES = "https://notes.example.com/mcp";
const OWN = "https://own.example.com";

const SETTINGS = {
  scopes: ["read", "write", "notes", "admin", "introspection"],
  resources: [
    { uri: PHOTOS, scope: ["read", "write"] },
    { uri: NOTES, scope: ["notes"] },
  ],
  lifetimes: { accessTokenSeconds: 1, refreshIdleSeconds: 1, refreshAbsoluteSeconds: 1 },
  idTokenTtlSeconds: 1,
};
const SOURCES = {
  hasManagementApi: false,
  registersByToken: false,
  hasOpenId: true,
  hasLogoutSenders: false,
};
const POLICY = policyOf(SETTINGS, SOURCES);

/** A client that may request tokens for {@link OWN}, and that names its scopes if `scope` is set. */
function client(registration: Client["registration"], scope: string | null = null): Client {
  const row = { ...CLIENT_COLUMNS, client_id: "any", jwks_uri: null, not_before_ms: 0 };
  const audience = registration === "operator" ? OWN : "";
  return toClient({
    ...row,
    created_at_ms: 0,
    grant_types: "authorization_code",
    scope,
    audience,
    registration,
  });
}

const EVERY = ["read", "write", "notes", "admin"];

test.each<[string, Client, readonly string[], readonly string[]]>([
  ["a registered client, none named", client("operator"), [], EVERY],
  ["a registered client, its own API", client("operator"), [OWN], EVERY],
  ["a registered client, its own API and another", client("operator"), [OWN, NOTES], EVERY],
  ["a registered client, an API of all", client("operator"), [NOTES], ["notes"]],
  ["a registered client, two APIs of all", client("operator"), [PHOTOS, NOTES], EVERY.slice(0, 3)],
  ["a client with scopes by name", client("operator", "notes introspection"), [NOTES], ["notes"]],
  ["an unregistered client, none named", client("dynamic"), [], EVERY.slice(0, 3)],
  ["an unregistered client, an API of all", client("dynamic"), [NOTES], ["notes"]],
  [
    "an unregistered client that names scopes",
    client("dynamic", "notes admin introspection"),
    [],
    EVERY.slice(0, 3),
  ],
])("%s, has the scopes of the API", (_, each, named, expected) => {
  const scope = allowedScope(each, scopesFor(named, each, POLICY, POLICY));
  expect(scope.filter((token) => !OPENID_SCOPES.includes(token))).toEqual(expected);
  if (each.scope === null) expect(scope).toEqual([...expected, ...OPENID_SCOPES]);
});

test.each<[string, Client, string | undefined, readonly string[], string | null, string[]]>([
  ["a registered client by default", client("operator"), undefined, [], OWN, EVERY],
  [
    "a registered client that names one",
    client("operator"),
    `${PHOTOS}/`,
    [],
    PHOTOS,
    ["read", "write"],
  ],
  [
    "an unregistered client by default",
    client("dynamic"),
    undefined,
    [],
    PHOTOS,
    ["read", "write"],
  ],
  ["an unregistered client that names one", client("dynamic"), NOTES, [], NOTES, ["notes"]],
  ["a login for two", client("dynamic"), undefined, [NOTES, PHOTOS], NOTES, ["notes"]],
  [
    "a login for two, of which it names one",
    client("dynamic"),
    PHOTOS,
    [NOTES, PHOTOS],
    PHOTOS,
    ["read", "write"],
  ],
])("the token of %s is for one API", (_, each, requested, granted, audience, scopes) => {
  const target = targetOf(requested, granted, each, POLICY, POLICY);
  expect(target).toMatchObject({ audience, available: { scopes } });
});

test("the scopes that an unregistered client names are its default", () => {
  const each = client("dynamic", "notes admin introspection");
  const available = scopesFor([], each, POLICY, POLICY);
  expect(initialScope(undefined, each, available)).toEqual(["notes"]);
  expect(initialScope("read notes", each, available)).toEqual(["read", "notes"]);
  for (const scope of ["admin", "introspection"]) {
    expect(() => initialScope(scope, each, available)).toThrow("scope_not_allowed");
  }
});

test("without RESOURCES, an unregistered client has the scopes of OpenID Connect alone", () => {
  const policy = policyOf({ ...SETTINGS, resources: null }, SOURCES);
  const target = targetOf(undefined, [], client("dynamic"), policy, policy);
  expect(target.audience).toBeNull();
  expect(allowedScope(client("dynamic"), target.available)).toEqual(OPENID_SCOPES);
});

test("an API without scopes of its own has all but admin and introspection", () => {
  const policy = policyOf({ ...SETTINGS, resources: [{ uri: PHOTOS, scope: null }] }, SOURCES);
  expect(policy.resources).toEqual([{ uri: PHOTOS, scope: ["read", "write", "notes"] }]);
});

test("stored APIs are added to those of the setting, which decides about an API of both", () => {
  const stored = [
    { uri: OWN, scope: null },
    { uri: `${PHOTOS}/`, scope: ["notes"] },
  ];
  const resources = addStored(POLICY.resources, stored, POLICY.scopes);
  expect(resources).toEqual([...POLICY.resources, { uri: OWN, scope: ["read", "write", "notes"] }]);
});
