import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair } from "jose";
import { afterEach, describe, expect, test } from "vitest";
import { createRegistry } from "../../src/storage/registry.ts";
import {
  accessToken,
  application,
  asNewDot,
  djangoRecord,
  refreshToken,
  user,
} from "../support/django-dump.ts";
import { importRows, reasonsOf } from "../support/importing.ts";
import { ask } from "../support/requests.ts";
import { INVALID_CLIENT } from "../support/responses.ts";
import { createService } from "../support/service.ts";

const service = createService({ IMPORTED_TOKENS: "on" });
const ada = user(1, "ada");
const LOGIN = { grant_type: "password", username: "ada", password: "ada-password" };
const PUBLIC = { client_type: "public" };
const BY_ITSELF = { authorization_grant_type: "client-credentials" };

afterEach(async () => {
  const tables = ["users", "clients", "imported_refresh_tokens", "imported_access_tokens"];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
});

function clientRow(id: string) {
  return env.DB.prepare("SELECT * FROM clients WHERE client_id = ?").bind(id).first();
}

describe.each([
  ["plain", <Row>(row: Row) => row],
  ["hashed", asNewDot],
] as const)("an application with a %s secret", (_, made) => {
  const row = (fields: object) => made(application(1, "app", fields)) as typeof ada;

  test("that is public may send it or none, and no wrong one", async () => {
    const report = await importRows([ada, row({ ...PUBLIC, client_secret: "s1" })]);
    expect(report.counts.clients).toMatchObject({ taken: 1 });
    const logIn = (fields: object) => ask(service, { ...LOGIN, client_id: "app", ...fields }, null);
    expect(await logIn({})).toMatchObject({ status: 200 });
    expect(await logIn({ client_secret: "s1" })).toMatchObject({ status: 200 });
    expect(await logIn({ client_secret: "s2" })).toEqual(INVALID_CLIENT);
  });

  test("that is public and acts for itself needs it, and comes over confidential", async () => {
    const report = await importRows([ada, row({ ...PUBLIC, ...BY_ITSELF, client_secret: "s1" })]);
    expect(reasonsOf(report, "clients")).toEqual([expect.stringContaining("as confidential: app")]);
    const own = { grant_type: "client_credentials" };
    expect(await ask(service, own, "app:s1")).toMatchObject({ status: 200 });
    expect(await ask(service, { ...own, client_id: "app" }, null)).toEqual(INVALID_CLIENT);
  });

  test("that is confidential and empty comes over public, with a remark", async () => {
    const report = await importRows([ada, row({ client_secret: "" })]);
    expect(reasonsOf(report, "clients")).toEqual([
      "changed client_secret: is empty: imported as a public client: app",
    ]);
    expect(await clientRow("app")).toMatchObject({
      ...{ token_endpoint_auth_method: "none", secret_record: null },
    });
  });

  test("that is empty and acts for itself is rejected with the way out", async () => {
    const report = await importRows([ada, row({ ...BY_ITSELF, client_secret: "" })]);
    expect(reasonsOf(report, "clients")).toEqual([
      expect.stringMatching(/^refused client_secret: is empty, .*`client create`.*: app$/),
    ]);
  });
});

test("a public application whose secret cannot be read here goes on without it", async () => {
  const client_secret = "argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA";
  const report = await importRows([ada, application(1, "app", { ...PUBLIC, client_secret })]);
  expect(reasonsOf(report, "clients")).toEqual([
    "changed its secret is hashed with argon2, which is not supported: the client must not send a secret: app",
  ]);
});

test("a secret that a hasher of the project made is not taken for plain text", async () => {
  const fields = { client_secret: "mine$1$abc", hash_client_secret: true };
  const report = await importRows([ada, application(1, "app", fields)]);
  expect(reasonsOf(report, "clients")).toEqual([
    expect.stringContaining("hashed with the custom hasher mine, which is not supported"),
  ]);
});

describe("an application of private_key_jwt", () => {
  const BY_KEY = { token_endpoint_auth_method: "private_key_jwt", client_secret: "" };
  const URI = { client_jwks_uri: "https://app.example/keys" };

  async function keySet() {
    const { publicKey } = await generateKeyPair("ES256", { extractable: true });
    return { keys: [{ ...(await exportJWK(publicKey)), kid: "one" }] };
  }

  test.each([
    ["as text", (keys: object) => JSON.stringify(keys), 0],
    ["as JSON", (keys: object) => keys, 0],
    ["together with an address", (keys: object) => keys, 1],
  ])("comes over with client_jwks %s", async (_, written, remarks) => {
    const keys = await keySet();
    const fields = { ...BY_KEY, client_jwks: written(keys), ...(remarks === 1 ? URI : {}) };
    const report = await importRows([ada, application(1, "app", fields)]);
    expect(reasonsOf(report, "clients")).toHaveLength(remarks);
    const row = await clientRow("app");
    expect(row).toMatchObject({ token_endpoint_auth_method: "private_key_jwt" });
    expect(JSON.parse(String(row?.["jwks"]))).toEqual(keys);
  });

  test.each([
    ["an address alone", { ...BY_KEY, ...URI }, "client_jwks_uri: keys are not fetched"],
    ["no keys", { ...BY_KEY, client_jwks: "" }, "client_jwks: no keys"],
    ["another method", { token_endpoint_auth_method: "tls_client_auth" }, "tls_client_auth is not"],
  ])("is rejected with %s, and the report says what to do", async (_, fields, problem) => {
    const report = await importRows([ada, application(1, "app", fields)]);
    const [reason = ""] = reasonsOf(report, "clients");
    expect(reason).toContain(problem);
    expect(reason).toContain("`client create`");
  });
});

test("a user has the names and the e-mail address of the dump as profile", async () => {
  await importRows([user(1, "ada", { first_name: "Ada" })], { emailVerified: true });
  const { profile } = (await createRegistry(env.DB).findUsersById(["1"])).get("1") ?? {};
  expect(JSON.parse(profile ?? "")).toEqual({
    ...{ name: "Ada", given_name: "Ada", preferred_username: "ada" },
    ...{ email: "ada@example.com", email_verified: true },
  });
});

test("tokens without an application are told as such", async () => {
  const none = { application: null };
  const report = await importRows([ada, accessToken(1, none), refreshToken(1, none)]);
  expect(reasonsOf(report, "access_tokens")).toEqual(["refused has no application: 1"]);
  expect(reasonsOf(report, "refresh_tokens")).toEqual(["refused has no application: 1"]);
});

test("a login without a scope comes over and refreshes without one", async () => {
  const token = "dot-refresh-token-of-ada";
  const rows = [accessToken(1, { scope: "" }), refreshToken(1, { token })];
  await importRows([ada, application(1, "shop"), ...rows]);
  const fields = { grant_type: "refresh_token", refresh_token: token };
  const answer = await ask(service, fields, "shop:shop-secret");
  expect(answer).toMatchObject({ status: 200, body: { scope: "" } });
});

describe("an application with authorization codes", () => {
  const WEB = {
    authorization_grant_type: "authorization-code",
    redirect_uris: "https://web.example/cb",
    post_logout_redirect_uris: "https://web.example/bye",
    skip_authorization: true,
  };

  test("is written with its URIs, and its live tokens are imported", async () => {
    const token = "dot-refresh-token-of-web";
    const rows = [accessToken(1), refreshToken(1, { token })];
    const report = await importRows([ada, application(1, "web", WEB), ...rows]);
    expect(report.counts).toMatchObject({ clients: { taken: 1 }, refresh_tokens: { taken: 1 } });
    expect(await clientRow("web")).toMatchObject({
      grant_types: "authorization_code refresh_token",
      redirect_uris: WEB.redirect_uris,
      post_logout_redirect_uris: WEB.post_logout_redirect_uris,
      ...{ skip_consent: 1, require_pkce: 0, access_token_format: "opaque" },
    });
    const fields = { grant_type: "refresh_token", refresh_token: token };
    expect(await ask(service, fields, "web:web-secret")).toMatchObject({ status: 200 });
  });

  test.each([
    [null, 1],
    ["required", 0],
    ["optional", 0],
  ] as const)("with --pkce %s has %i warnings of PKCE", async (pkce, count) => {
    const rows = [application(1, "web", WEB), application(2, "spa", { ...WEB, ...PUBLIC })];
    const { warnings } = await importRows([ada, ...rows, application(3, "shop")], { pkce });
    const ofPkce = warnings.filter((warning) => warning.includes("--pkce"));
    expect(ofPkce).toEqual(Array(count).fill(expect.stringMatching(/^1 confidential .*: web\./)));
  });

  test.each([
    ["", 0],
    ["RS256", 1],
  ])("with the algorithm %j has %i notes of the issuer and the key", async (algorithm, count) => {
    const { notes } = await importRows([ada, application(1, "web", { ...WEB, algorithm })]);
    const ofKey = notes.filter((note) => note.includes("OIDC_RSA_PRIVATE_KEY"));
    expect(ofKey).toEqual(Array(count).fill(expect.stringContaining("set ISSUER")));
  });

  test("has rows that are skipped and counted", async () => {
    const models = ["grant", "idtoken", "devicegrant"].map((name) => `oauth2_provider.${name}`);
    const rows = models.map((model) => ({ model, pk: 1, fields: { code: "x" } }));
    const { ignored } = await importRows([ada, application(1, "web", WEB), ...rows]);
    expect(ignored).toEqual(Object.fromEntries(models.map((model) => [model, 1])));
  });
});

describe("the report", () => {
  const PAGE = { redirect_uris: "https://app.example/cb myapp://cb", skip_authorization: true };
  /** Named for introspection, so that no warning of that is among those looked at. */
  const NAMED = { introspectors: ["app"] };

  test("names what is not brought over, and warns that no client has an origin", async () => {
    const { unread, warnings } = await importRows([ada, application(1, "app", PAGE)], NAMED);
    const named = unread.filter(({ kind }) => kind === "clients").map(({ field }) => field);
    expect(named).toEqual(["user", "created", "updated"]);
    expect(warnings).toEqual([
      expect.stringMatching(/^no client has allowed_origins.*app\.example/),
    ]);
  });

  test("does not warn when one has", async () => {
    const allowed_origins = "https://app.example";
    const report = await importRows(
      [ada, application(1, "app", { ...PAGE, allowed_origins })],
      NAMED,
    );
    expect(report.warnings).toEqual([]);
    expect(await clientRow("app")).toMatchObject({ allowed_origins });
  });

  test.each([
    [3600, 1],
    [60_000, 0],
  ])("tells of local time where tokens live %i seconds", async (accessTokenSeconds, count) => {
    const { notes } = await importRows([ada], { accessTokenSeconds });
    expect(notes.filter((note) => note.includes("DOT before 2.4"))).toHaveLength(count);
  });

  test("warns of times without a zone, which are taken for UTC", async () => {
    const expires = new Date(Date.now() + 7_200_000).toISOString();
    const local = expires.replace("Z", "");
    const tokens = [accessToken(1, { expires }), accessToken(2, { expires: local })];
    const { warnings } = await importRows([ada, application(1, "app"), ...tokens], NAMED);
    const times = warnings.filter((warning) => warning.includes("without a zone"));
    expect(times).toEqual([expect.stringMatching(/^1 times without a zone were read as UTC/)]);
    const { results } = await env.DB.prepare(
      "SELECT DISTINCT expires_at_ms FROM imported_access_tokens",
    ).all();
    expect(results).toEqual([{ expires_at_ms: Date.parse(expires) }]);
  });

  test("counts the passwords that cannot be checked by what hashed them", async () => {
    const hashes = [
      ...["md5$$abc", "0".repeat(32), "bcrypt_sha256$$2b$12$abc", "scrypt$s$16384$8$1$h"],
      ...["argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA", "mine$1$abc", djangoRecord("fine")],
    ];
    const users = hashes.map((password, index) => user(index + 1, `u${index}`, { password }));
    const { notes, counts } = await importRows(users);
    expect(counts.users).toMatchObject({ taken: 1, changed: 6 });
    const note = notes.find((one) => one.includes("cannot be verified here"));
    expect(note).toMatch(/^6 passwords .*LEGACY_TOKEN_ENDPOINT/);
    for (const hasher of ["unsalted_md5 2", "bcrypt_sha256 1", "scrypt 1", "argon2 1", "mine 1"]) {
      expect(note).toContain(hasher);
    }
  });
});
