import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import type { AdminDeps } from "../../src/admin/deps.ts";
import { apply } from "../../src/declarative/apply.ts";
import { exportRegistry } from "../../src/declarative/export.ts";
import { escapeVariables } from "../../src/declarative/file-variables.ts";
import { parseRegistryFile } from "../../src/declarative/registry-file.ts";
import { application, user } from "../support/django-dump.ts";
import { importRows } from "../support/importing.ts";
import { managementTools } from "../support/management.ts";

// What an export has, however it came here, `apply` takes.

const KEY = { kty: "OKP", crv: "Ed25519", x: "zFpzQH-7h9Bp28kVgC8met6kHxocC0xhyXNPdelUmcI" };
const TEXT = 'Zoë "Q" \\ \n\t\u001b[31m \u{1F600} \u2028 $${X} $' + "{Y}";
const CLAIMS = { 10: 1, 2: -0, [TEXT]: [null, { c: 1.5e-7, text: `${TEXT}\u0000\ud800` }], "": "" };

/** A value of every field that is neither the default nor ordinary. */
const CLIENT = {
  client_id: " '\"<>  ",
  client_name: TEXT.padEnd(255, "é"),
  grant_types: [],
  token_endpoint_auth_method: "private_key_jwt",
  redirect_uris: ["https://a.example/?q='%22&x=$Y", "http://[::1]:80/", "com.example.app:/cb"],
  redirect_uri_patterns: ["https://*.a.example.com/cb?x=1"],
  post_logout_redirect_uris: Array.from({ length: 64 }, (_, index) => {
    return `https://a.example/${"x".repeat(1900)}${index}`;
  }),
  backchannel_logout_uri: "https://a.example/out?x='",
  backchannel_logout_session_required: true,
  require_pkce: false,
  scope: " read  write ",
  default_scope: "read read",
  audience: ["https://api.example.com/ü", "urn:a:b'c"],
  claims: CLAIMS,
  jwks: { keys: [{ ...KEY, note: TEXT, nested: [1, null, {}] }, KEY] },
  allowed_origins: ["capacitor://localhost", "https://xn--bcher-kva.example"],
  id_token_signed_response_alg: "EdDSA",
  access_token_format: "jwt",
  access_token_ttl_seconds: 1,
  refresh_idle_ttl_seconds: 31_536_000,
  refresh_absolute_ttl_seconds: 1,
  disabled: true,
};
const PROFILE = {
  name: 'Zoë "Q" $' + "{X}",
  address: { country: "x", formatted: "a\nb\r\nc" },
  email_verified: false,
  email: "a@b",
  birthdate: "0000-02-29",
};
const USERS = [
  { id: `'"${"x".repeat(253)}`, username: " zoe\u0308 '\" ", claims: CLAIMS, profile: PROFILE },
  { username: "x".repeat(255), is_active: false, password: "a long one, please" },
];
/** Password hashes that only the old server can verify. */
const HASHES = [
  "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA",
  "bcrypt_sha256$$2b$12$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "scrypt$salt$16384$8$1$aGFzaA==",
  "sha1$$da39a3ee5e6b4b0d3255bfef95601890afd80709",
  "our_own$x$y",
  "d41d8cd98f00b204e9800998ecf8427e",
];
const DUMP = [
  ...HASHES.map((password, index) => user(index + 1, `user ${index}`, { password })),
  user(97, "without a password", { password: "" }),
  application(1, "public with a secret ", { client_type: "public", client_secret: "s$1" }),
  application(2, "by-code", {
    authorization_grant_type: "authorization-code",
    redirect_uris: "https://a.example/cb\r\nhttp://127.0.0.1/cb\n\n com.example:/cb ",
    allowed_origins: "https://a.example\r\nhttps://b.example",
    skip_authorization: true,
    algorithm: "HS256",
  }),
];

let deps: AdminDeps;

async function exported(): Promise<string> {
  let text = "";
  for await (const piece of exportRegistry(deps.registry)) text += piece;
  return text;
}

async function changesBy(text: string): Promise<string[]> {
  const applied = await apply(parseRegistryFile(text), deps);
  return [...new Set(applied.map(({ change }) => change))];
}

beforeAll(async () => {
  deps = await managementTools();
  const file = escapeVariables({ clients: [CLIENT], users: USERS });
  await apply(parseRegistryFile(JSON.stringify(file)), deps);
  const { counts } = await importRows(DUMP);
  expect([counts.users.refused, counts.clients.refused]).toEqual([0, 0]);
});

test("an export changes nothing where it comes from", async () => {
  expect(await changesBy(await exported())).toEqual(["unchanged"]);
});

test("an export creates the same in an empty database", async () => {
  const before = await exported();
  await env.DB.batch(["clients", "users"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
  expect(await changesBy(before)).toEqual(["created"]);
  expect(await exported()).toBe(before);
});
