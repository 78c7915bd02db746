import { describe, expect, test } from "vitest";
import { mapApplication } from "../../../src/django-import/applications.ts";
import {
  instantMs,
  isWithoutZone,
  parseDumpRecord,
  referenceTo,
} from "../../../src/django-import/dump-record.ts";
import {
  endedMsOf,
  type KnownClient,
  type KnownUser,
  refusalOfToken,
} from "../../../src/django-import/known-accounts.ts";
import type { EmailVerified } from "../../../src/django-import/profiles.ts";
import { mapAccessToken, mapRefreshToken } from "../../../src/django-import/tokens.ts";
import { mapUser } from "../../../src/django-import/users.ts";

const HASH = `${"A".repeat(43)}=`;
const SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/** A row of some fields. */
function row(fields: Record<string, unknown>, pk: string | null = "1") {
  return { model: "app.model", pk, fields };
}

describe("a row of a dump", () => {
  test.each([null, 1, "row", [], {}, { model: "a.b" }, { model: 1, fields: {} }])(
    "is not %j",
    (value) => {
      expect(parseDumpRecord(value)).toBeNull();
    },
  );

  test("has its model in lower case; its key is optional", () => {
    const record = { model: "auth.User", fields: { username: "ada" } };
    expect(parseDumpRecord(record)).toEqual({ ...record, model: "auth.user", pk: null });
  });

  test.each([
    ["7", "7"],
    [["ada"], '["ada"]'],
    [null, null],
    [undefined, null],
    ["", null],
  ])("refers by %j to %j", (value, reference) => {
    expect(referenceTo(value)).toBe(reference);
  });

  test.each([
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z", false],
    ["2026-01-31T12:00:00.123Z", "2026-01-31T12:00:00.123Z", false],
    ["2026-01-31T14:00:00+02:00", "2026-01-31T12:00:00Z", false],
    ["2026-01-31T12:00:00", "2026-01-31T12:00:00Z", true],
    ["2026-01-31", null, false],
    ["2026-13-31T12:00:00Z", null, false],
    [7, null, false],
  ])("writes the time %j", (text, instant, lacksZone) => {
    expect(instantMs(text)).toBe(instant === null ? null : new Date(instant).getTime());
    expect(isWithoutZone(text)).toBe(lacksZone);
  });
});

describe("a user", () => {
  test.each([
    [`pbkdf2_sha256$1000$salt$${HASH}`, []],
    [`pbkdf2_sha256$2000000$salt$${HASH}`, []],
    ["!anything", []],
    [`pbkdf2_sha256$2000001$salt$${HASH}`, ["pbkdf2_sha256"]],
    ["pbkdf2_sha1$1000$salt$hash", ["pbkdf2_sha1"]],
    ["argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA", ["argon2"]],
    ["bcrypt_sha256$$2b$12$abc", ["bcrypt_sha256"]],
    ["scrypt$salt$16384$8$1$hash", ["scrypt"]],
    ["own$hasher", ["an unknown hasher"]],
  ])("keeps the hash %s", (password, hashers) => {
    const mapping = mapUser(row({ username: "ada", password }), "username");
    expect(mapping).toMatchObject({ value: { id: "1", password_record: password } });
    const remarks = hashers.map((hasher) => expect.stringContaining(`hashed with ${hasher},`));
    expect(mapping).toMatchObject({ remarks });
  });

  test("without a password gets an unusable hash", () => {
    const mapping = mapUser(row({ username: "ada", password: "" }), "username");
    expect(mapping).toMatchObject({ value: { password_record: "!" } });
  });

  test("is active by default", () => {
    const active = (fields: object) => mapUser(row({ username: "ada", ...fields }), "username");
    expect(active({})).toMatchObject({ value: { is_active: 1 } });
    expect(active({ is_active: true })).toMatchObject({ value: { is_active: 1 } });
    expect(active({ is_active: false })).toMatchObject({ value: { is_active: 0 } });
  });

  const NAMES = { first_name: " Ada ", last_name: "Lovelace", email: "ada@example.com" };
  const PROFILE = {
    name: "Ada Lovelace",
    given_name: "Ada",
    family_name: "Lovelace",
    preferred_username: "ada",
    email: "ada@example.com",
  };
  const { email: _, ...WITHOUT_EMAIL } = PROFILE;
  const VERIFIED = { ...PROFILE, email_verified: true };

  test.each<[object, EmailVerified, object, string[]]>([
    [{}, false, { preferred_username: "ada" }, []],
    [{}, true, { preferred_username: "ada" }, []],
    [NAMES, false, PROFILE, []],
    [NAMES, true, VERIFIED, []],
    [{ ...NAMES, checked: true }, { field: "checked" }, VERIFIED, []],
    [{ ...NAMES, checked: "2026-01-31T12:00:00Z" }, { field: "checked" }, VERIFIED, []],
    [{ ...NAMES, checked: false }, { field: "checked" }, PROFILE, []],
    [{ ...NAMES, checked: null }, { field: "checked" }, PROFILE, []],
    [
      { last_name: "Lovelace" },
      false,
      { name: "Lovelace", family_name: "Lovelace", preferred_username: "ada" },
      [],
    ],
    [{ ...NAMES, email: "ada" }, true, WITHOUT_EMAIL, ["profile: skipped an invalid email"]],
    [{ first_name: 7, email: null }, false, { preferred_username: "ada" }, []],
    [
      { username: "ada@example.com", email: "ada@example.com" },
      false,
      { email: "ada@example.com" },
      [],
    ],
  ])("%j, verified by %j, has the profile %j", (fields, emailVerified, profile, remarks) => {
    const record = row({ username: "ada", password: "!", ...fields });
    const reading = { emailVerified, gates: [], nowMs: 0 };
    const mapping = mapUser(record, "username", reading);
    expect(mapping).toMatchObject({ value: { profile: JSON.stringify(profile) }, remarks });
  });

  test.each(["", "a\u0000b", "x".repeat(256), null])("is rejected with the name %j", (username) => {
    expect(mapUser(row({ username }), "username")).toHaveProperty("refusal");
  });
});

describe("an application", () => {
  const APP = {
    client_id: "shop",
    client_type: "confidential",
    authorization_grant_type: "password",
  };
  const HASHED = `pbkdf2_sha256$260000$salt$${HASH}`;

  test.each([
    ["plain-secret", { client_secret: "plain-secret" }],
    ["with$dollars$in it", { client_secret: "with$dollars$in it" }],
    [HASHED, { secret_record: HASHED }],
  ])("has the secret %s", (secret, expected) => {
    const mapping = mapApplication(row({ ...APP, client_secret: secret }));
    expect(mapping).toMatchObject({ value: expected, remarks: [] });
    expect(Object.keys("value" in mapping ? mapping.value : {})).not.toContain(
      "client_secret" in expected ? "secret_record" : "client_secret",
    );
  });

  test("that is public keeps its secret, if DOT has one", () => {
    const of = (client_secret: string) => {
      return mapApplication(row({ ...APP, client_type: "public", client_secret }));
    };
    const value = { token_endpoint_auth_method: "none", client_secret: "x" };
    expect(of("x")).toMatchObject({ value, remarks: [] });
    expect(of("")).toMatchObject({ value: { token_endpoint_auth_method: "none" }, remarks: [] });
    expect(of("")).not.toHaveProperty("value.client_secret");
  });

  test.each([
    ["password", ["password", "refresh_token"], 0],
    ["client-credentials", ["client_credentials"], 0],
    ["authorization-code", ["authorization_code", "refresh_token"], 0],
    ["openid-hybrid", ["authorization_code", "refresh_token"], 1],
    ["urn:ietf:params:oauth:grant-type:device_code", ["refresh_token"], 1],
    ["toString", ["refresh_token"], 1],
  ])("of %s may do %j", (grantType, grantTypes, remarks) => {
    const redirect_uris = "https://a.example/cb";
    const grant = { authorization_grant_type: grantType, redirect_uris };
    const fields = { ...APP, client_secret: "s", ...grant };
    const mapping = mapApplication(row(fields));
    expect(mapping).toMatchObject({ value: { grant_types: grantTypes } });
    expect(mapping).toHaveProperty("remarks.length", remarks);
  });

  test("of implicit is rejected with the fix", () => {
    const fields = { ...APP, client_secret: "s", authorization_grant_type: "implicit" };
    expect(mapApplication(row(fields))).toEqual({
      refusal: expect.stringMatching(/^implicit is not supported: .*authorization-code with PKCE/),
    });
  });

  test("keeps origins, and drops what is none", () => {
    const allowed_origins = "https://a.example https://b.example/ https://*.c.example d";
    const mapping = mapApplication(row({ ...APP, client_secret: "s", allowed_origins }));
    const origins = ["https://a.example", "https://b.example"];
    expect(mapping).toMatchObject({ value: { allowed_origins: origins } });
    expect(mapping).toHaveProperty("remarks.length", 2);
  });
});

describe("an application with authorization codes", () => {
  const WEB = {
    ...{ client_id: "web", client_type: "confidential", client_secret: "s" },
    ...{ authorization_grant_type: "authorization-code", redirect_uris: "https://web.example/cb" },
  };
  const SKIPPED = (name: string) => `${name}: skipped values that are not https`;
  const mapped = (fields: object, pkce: "required" | "optional" | null = null) => {
    const mapping = mapApplication(row({ ...WEB, ...fields }), pkce);
    return "value" in mapping ? mapping : { value: {}, remarks: [mapping.refusal] };
  };

  test.each<[object, object, string[]]>([
    [{}, { redirect_uris: ["https://web.example/cb"], skip_consent: false }, []],
    [
      { redirect_uris: " https://a.example/cb\r\nmyapp:/cb  http://127.0.0.1:8000/cb\n" },
      { redirect_uris: ["https://a.example/cb", "myapp:/cb", "http://127.0.0.1:8000/cb"] },
      [],
    ],
    [
      { redirect_uris: "https://a.example/cb https://a.example/cb https://*.a.example/cb" },
      {
        redirect_uris: ["https://a.example/cb"],
        redirect_uri_patterns: ["https://*.a.example/cb"],
      },
      [],
    ],
    ...["http://web.example/cb", "https://a.example/#x", "urn:ietf:wg:oauth:2.0:oob:auto"].map(
      (uri): [object, object, string[]] => [
        { redirect_uris: `https://a.example/cb ${uri}` },
        { redirect_uris: ["https://a.example/cb"] },
        [SKIPPED("redirect_uris")],
      ],
    ),
    [
      { redirect_uris: "" },
      { redirect_uris: [] },
      ["redirect_uris: none is left; set them with `client update ID --redirect-uris`"],
    ],
    [
      { post_logout_redirect_uris: "https://a.example/bye https://*.a.example/bye" },
      { post_logout_redirect_uris: ["https://a.example/bye"] },
      [SKIPPED("post_logout_redirect_uris")],
    ],
    [{ skip_authorization: true }, { skip_consent: true }, []],
    [
      { skip_authorization: true, redirect_uris: "https://a.example/cb myapp:/cb" },
      { skip_consent: false },
      ["skip_authorization: not imported, because a redirect URI is not https"],
    ],
    [
      { skip_authorization: true, redirect_uris: "https://*.a.example/cb" },
      { skip_consent: false },
      ["skip_authorization: not imported, because a redirect URI is not https"],
    ],
    [{ algorithm: "RS256" }, {}, []],
    [{ algorithm: "HS256" }, {}, ["algorithm: HS256 becomes RS256; the client must verify"]],
  ])("%j", (fields, value, remarks) => {
    const mapping = mapped(fields);
    expect(mapping.value).toMatchObject(value);
    expect(mapping.value).not.toHaveProperty("id_token_signed_response_alg");
    expect(mapping.remarks).toEqual(remarks.map((remark) => expect.stringContaining(remark)));
  });

  test.each([
    ["confidential", null, false, 0],
    ["confidential", "optional", false, 0],
    ["confidential", "required", true, 0],
    ["public", null, true, 0],
    ["public", "optional", true, 1],
    ["public", "required", true, 0],
  ] as const)("that is %s, with --pkce %s", (client_type, pkce, require_pkce, remarks) => {
    const mapping = mapped({ client_type }, pkce);
    expect(mapping).toMatchObject({ value: { require_pkce }, remarks: { length: remarks } });
  });
});

describe("a token", () => {
  const LIVE = { access_token: "7", application: "1", user: "1", revoked: null };

  test.each([
    [{ token: "abc" }],
    [{ token: "abc", token_checksum: "0".repeat(64) }],
    [{ token_checksum: SHA256_OF_ABC }],
  ])("of %j is stored under its hash", async (fields) => {
    const mapping = await mapRefreshToken(row({ ...LIVE, ...fields }));
    expect(mapping).toMatchObject({ value: { hash: SHA256_OF_ABC, accessToken: "7" } });
  });

  test.each([
    [{ token: "abc", revoked: "2026-01-31T12:00:00Z" }],
    [{ token: "abc", access_token: null }],
    [{ token: "abc", resource: '["https://api.example.com"]' }],
    [{ token: "caf\u00e9" }],
    [{ token: "" }],
    [{ token_checksum: "abc" }],
  ])("of %j is rejected", async (fields) => {
    expect(await mapRefreshToken(row({ ...LIVE, ...fields }))).toHaveProperty("refusal");
  });

  test("has each scope name once, and its times", () => {
    const expires = "2026-01-31T12:00:00Z";
    const mapping = mapAccessToken(row({ scope: " read  write read", expires, resource: "[]" }));
    expect(mapping).toMatchObject({
      value: { scope: "read write", expiresMs: new Date(expires).getTime(), user: null },
    });
  });
});

describe("a token of a client and a user", () => {
  const client: KnownClient = {
    clientId: "shop",
    fate: "new",
    isDisabled: false,
    refreshIdleSeconds: null,
    endedMs: 0,
  };
  const ada: KnownUser = { id: "1", fate: "kept", isActive: true, isDisabled: false, endedMs: 100 };

  const ENDED = "its session was ended here since";
  const DISABLED = { isDisabled: true };

  test.each([
    ["of both", null, 100, client, ada],
    ["of a client alone", null, 0, client, null],
    ["without a client", "its client is not in the dump", 100, undefined, ada],
    ["without its user", "its user is not in the dump", 100, client, undefined],
    ["older than the end of its user's sessions", ENDED, 99, client, ada],
    ["older than the end of its client's", ENDED, 100, { ...client, endedMs: 101 }, ada],
    ["of a disabled client", "its client is disabled here", 100, { ...client, ...DISABLED }, ada],
    ["of a user disabled here", "its user is disabled here", 100, client, { ...ada, ...DISABLED }],
    ["of an inactive user", "its user is inactive", 100, client, { ...ada, isActive: false }],
  ] as const)("%s has the refusal %j", (_, refusal, createdMs, whose, user) => {
    expect(refusalOfToken(createdMs, whose, user)).toBe(refusal);
  });

  test("is not ended when the row is created, but by a later change", () => {
    expect(endedMsOf({ not_before_ms: 5000, created_at_ms: 5432 })).toBe(0);
    expect(endedMsOf({ not_before_ms: 0, created_at_ms: 5432 })).toBe(0);
    expect(endedMsOf({ not_before_ms: 6000, created_at_ms: 5432 })).toBe(6000);
  });
});
