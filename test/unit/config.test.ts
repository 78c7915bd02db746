import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  parseConfig,
  parseImportConfig,
  parsePasswordConfig,
  readSetting,
  SECRETS,
  SETTINGS,
  type Setting,
} from "../../src/config/index.ts";
import { toHex } from "../../src/crypto/bytes.ts";
import { ConfigError } from "../../src/errors/refusal.ts";
import { rawKey } from "../support/rings.ts";

const KEY = toHex(rawKey(0xa1));
/** The settings that a deployment must set. */
const SETTINGS_MIN = { TOKEN_KEYS: KEY };
const YEAR = 31_536_000;
const ROWS = Object.values<Setting>({ ...SETTINGS, ...SECRETS });

/** @returns the problem with the settings, or null when the service starts */
function complaint(changes: Record<string, unknown>): string | null {
  try {
    parseConfig({ ...SETTINGS_MIN, ...changes });
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
}

describe("the defaults", () => {
  test("are enough to start with a key", () => {
    const config = parseConfig(SETTINGS_MIN);
    expect(config).toMatchObject({
      issuer: null,
      scopes: ["read", "write", "groups", "introspection"],
      lifetimes: {
        accessTokenSeconds: 3600,
        refreshIdleSeconds: 30 * 86_400,
        refreshAbsoluteSeconds: 90 * 86_400,
      },
      refreshRetry: "reject",
      refreshRetryWindowSeconds: 10,
      signingKeys: null,
      tokenKeys: [rawKey(0xa1)],
      passwordHashRounds: 6,
      passwordPepper: null,
      passwordLengthMin: 8,
      failedLoginSecondsMin: 2,
      importedTokens: "off",
      managementApi: "off",
      legacy: null,
      rateLimits: "on",
      userFailures: { free: 10, forgottenMs: 86_400_000, delayMsMin: 1000, delayMsMax: 900_000 },
      clientFailures: { free: 100, forgottenMs: 3_600_000, delayMsMin: 1000, delayMsMax: 900_000 },
      hashesInFlightMax: 32,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test.each(ROWS)("are allowed, and cause no advice: $name", ({ kind, default: value, advice }) => {
    if (typeof value !== "string" && typeof value !== "number")
      return expect(value ?? null).toBeNull();
    const read = kind.read(value);
    expect(read).toHaveProperty("value");
    expect(advice?.isWise("value" in read ? read.value : undefined) ?? true).toBe(true);
  });

  test.each(ROWS.filter((row) => row.default === null))("may be none: $name", (row) => {
    for (const nothing of [undefined, null, ""]) {
      expect(complaint({ [row.name]: nothing })).toBeNull();
      expect(readSetting(row, { [row.name]: nothing })).toBeNull();
    }
  });

  test.each(ROWS.filter((row) => row.default !== null))(
    "do not replace an empty value or one of another type: $name",
    ({ name, kind }) => {
      expect(complaint({ [name]: "" })).toContain(`${name} is empty: it must be ${kind.allowed}`);
      expect(complaint({ [name]: {} })).toMatch(new RegExp(`^${name} is .*: it must be `));
    },
  );

  test("include no key", () => {
    for (const absent of [undefined, null]) {
      expect(complaint({ TOKEN_KEYS: absent })).toMatch(
        /^TOKEN_KEYS is missing: it must be 64 hex/,
      );
    }
  });
});

test("all problems are named together, in the order of the table", () => {
  const wrong = { TOKEN_KEYS: "", SCOPES: "", RATE_LIMITS: "true", PASSWORD_HASH_ROUNDS: "six" };
  const thrown = (read: () => unknown) => {
    try {
      return read();
    } catch (error) {
      return (error as ConfigError).problems;
    }
  };
  expect(thrown(() => parseConfig(wrong))).toEqual([
    "SCOPES is empty: it must be scope names separated by spaces, at most 100 names and 2000 " +
      "characters; remove it for the default, read write groups introspection",
    'PASSWORD_HASH_ROUNDS is "six": it must be a whole number from 1 to 20',
    'RATE_LIMITS is "true": it must be off or on',
    "TOKEN_KEYS is empty: it must be 64 hexadecimal digits per key (openssl rand -hex 32), " +
      "separated by commas",
  ]);
  expect(thrown(() => parsePasswordConfig(wrong))).toHaveLength(1);
  expect(thrown(() => parseImportConfig(wrong))).toHaveLength(1);
});

test("one setting is read without the others, and defaults when it is invalid", () => {
  expect(readSetting(SETTINGS.managementApi, { MANAGEMENT_API: "on", SCOPES: "" })).toBe("on");
  expect(readSetting(SETTINGS.managementApi, { MANAGEMENT_API: "yes" })).toBe("off");
  expect(readSetting(SETTINGS.issuer, { ISSUER: "nonsense" })).toBeNull();
});

describe("a number", () => {
  test.each([
    ["ACCESS_TOKEN_TTL_SECONDS", 1, YEAR],
    ["REFRESH_IDLE_TTL_SECONDS", 1, YEAR],
    ["REFRESH_ABSOLUTE_TTL_SECONDS", 1, YEAR],
    ["REFRESH_RETRY_WINDOW_SECONDS", 0, 600],
    ["PASSWORD_HASH_ROUNDS", 1, 20],
    ["PASSWORD_LENGTH_MIN", 8, 64],
    ["USER_FAILURES_FREE", 1, 100_000],
    ["USER_FAILURES_FORGOTTEN_SECONDS", 1, YEAR],
    ["CLIENT_FAILURES_FREE", 1, 100_000],
    ["CLIENT_FAILURES_FORGOTTEN_SECONDS", 1, YEAR],
    ["FAILURE_DELAY_SECONDS_MAX", 1, YEAR],
    ["HASHES_IN_FLIGHT_MAX", 1, 300],
    ["FAILED_LOGIN_SECONDS_MIN", 0, 30],
  ])("such as %s is whole and from %i to %i, as a number or in digits", (name, min, max) => {
    for (const good of [min, max, String(min), String(max)]) {
      expect(complaint({ [name]: good }), String(good)).toBeNull();
    }
    const allowed = `it must be a whole number from ${min} to ${max}`;
    const invalid = [
      min - 1,
      max + 1,
      min + 0.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      true,
      [min],
    ];
    const invalidText = [`${max + 1}`, "-1", "1.5", "1e1", "0x1", " 1", "1 ", "+1", "1h", "\u0661"];
    for (const value of [...invalid, ...invalidText]) {
      const said = `${name} is ${JSON.stringify(value)}: ${allowed}`;
      expect(complaint({ [name]: value }), String(value)).toBe(said);
    }
  });

  test("that is the minimum delay is at most the maximum", () => {
    const delays = (min: number, max: number) =>
      complaint({ FAILURE_DELAY_SECONDS_MIN: min, FAILURE_DELAY_SECONDS_MAX: max });
    expect(delays(900, 900)).toBeNull();
    expect(delays(901, 900)).toBe(
      "FAILURE_DELAY_SECONDS_MIN is 901: it must be at most FAILURE_DELAY_SECONDS_MAX, which is 900",
    );
  });

  test("means the same in digits", () => {
    const digits = parseConfig({
      ...SETTINGS_MIN,
      ACCESS_TOKEN_TTL_SECONDS: "60",
      REFRESH_RETRY_WINDOW_SECONDS: "0",
      PASSWORD_HASH_ROUNDS: "2",
    });
    expect(digits.lifetimes.accessTokenSeconds).toBe(60);
    expect(digits.refreshRetryWindowSeconds).toBe(0);
    expect(digits.passwordHashRounds).toBe(2);
  });
});

describe("ISSUER", () => {
  test.each([
    "https://login.example.com",
    "http://127.0.0.1:8787",
    "https://xn--bcher-kva.example",
    "https://login.example.com/o",
  ])("may be %s", (issuer) =>
    expect(parseConfig({ ...SETTINGS_MIN, ISSUER: issuer }).issuer).toBe(issuer),
  );

  test.each([
    "login.example.com",
    "https://login.example.com/",
    "https://login.example.com/o/",
    "https://login.example.com?x",
    "https://ada:secret@login.example.com",
    "https://LOGIN.example.com",
    "https://login.example.com:443",
    " https://login.example.com",
    "null",
    "data:,x",
    "https://",
    1,
    {},
  ])("may not be %j", (issuer) => {
    expect(complaint({ ISSUER: issuer })).toMatch(
      /^ISSUER (?:is|has) [^@]*: it must be a URL such as https:\/\/login\.example\.com, with no /,
    );
  });
});

test("the path of ISSUER is one of PATH_PREFIX", () => {
  const ISSUER = "https://login.example.com/oauth2";
  expect(complaint({ ISSUER, PATH_PREFIX: "/o /oauth2" })).toBeNull();
  expect(complaint({ ISSUER })).toBe(
    "ISSUER has the path /oauth2: it must be one of PATH_PREFIX, which is /o",
  );
});

describe("PATH_PREFIX", () => {
  test.each([
    ["/o", ["/o"]],
    ["/oauth2  /api/o", ["/oauth2", "/api/o"]],
    ["/administration /docs.d", ["/administration", "/docs.d"]],
  ])("may be %j", (given, read) => {
    expect(parseConfig({ ...SETTINGS_MIN, PATH_PREFIX: given }).pathPrefix).toEqual(read);
  });

  test.each([
    ...["/", "o", "/o/", "//o", "/o//p", " ", "/o,/p", "/a b", "/o?x", "/%6F", "/:x", "/*"],
    "/o/..",
    ...["/admin", "/admin/o", "/docs", "/healthz", "/.well-known", "/openapi.json", "/cdn-cgi/x"],
    ...["/o /o", "/1 /2 /3 /4 /5 /6 /7 /8 /9", 1, {}],
  ])("may not be %j", (given) => {
    expect(complaint({ PATH_PREFIX: given })).toMatch(
      /^PATH_PREFIX (?:is|has) .*: it must be 1 to 8 /,
    );
  });
});

test("RESOURCES is a list of APIs, with or without their scopes", () => {
  const [one, two] = ["https://one.example", "https://two.example/mcp"];
  const read = (given: unknown) => parseConfig({ ...SETTINGS_MIN, RESOURCES: given }).resources;
  expect(read(`${one} ${two}`)).toEqual([one, two].map((uri) => ({ uri, scope: null })));
  const both = [
    { uri: one, scope: ["read", "write"] },
    { uri: two, scope: ["openid"] },
  ];
  for (const scope of ["read write", ["read", "write"]]) {
    const given = { [one]: scope, [two]: "openid" };
    expect(read(given)).toEqual(both);
    expect(read(JSON.stringify(given))).toEqual(both);
  }
});

test.each<[string, unknown, RegExp]>([
  ["no JSON", "{x", /is not JSON/],
  ["another type", 1, /is not an object/],
  ["a list", ["https://one.example"], /is not an object/],
  ["no URI", "one.example", /has "one.example"/],
  ["a fragment", "https://one.example#x", /has "https:..one.example#x"/],
  ["a long URI", `https://one.example/${"x".repeat(400)}`, /has "https/],
  ["one twice", "https://one.example https://one.example/", /has https:..one.example. twice/],
  ["nothing", "{}", /has 0 resources/],
  ["too many", Array.from({ length: 101 }, (_, n) => `https://${n}.example`).join(" "), /has 101/],
  ["no scope", { "https://one.example": "" }, /has no scopes for https:..one.example/],
  ["a scope of another type", { "https://one.example": 1 }, /has no scopes for/],
  ["an unknown scope", { "https://one.example": "reed" }, /has the scope reed: SCOPES must list/],
  ["admin", { "https://one.example": "admin" }, /has the scope admin: .* only by name/],
  ["introspection", { "https://one.example": "read introspection" }, /has the scope introspection/],
])("RESOURCES with %s is rejected", (_, given, problem) => {
  expect(complaint({ RESOURCES: given })).toMatch(problem);
});

test("SCOPES is a set of scope names", () => {
  expect(parseConfig({ ...SETTINGS_MIN, SCOPES: "b a  b" }).scopes).toEqual(["b", "a"]);
  for (const scopes of [" ", "read\twrite", 'read "write"', "caf\u00e9"]) {
    expect(complaint({ SCOPES: scopes })).toMatch(
      /^SCOPES is ".*": it must be scope names separated /,
    );
  }
});

test("REFRESH_RETRY is one of two words, spelled exactly", () => {
  const config = parseConfig({ ...SETTINGS_MIN, REFRESH_RETRY: "same-successor" });
  expect(config.refreshRetry).toBe("same-successor");
  for (const word of ["Reject", "reject ", "same_successor", "toString"]) {
    const said = `REFRESH_RETRY is "${word}": it must be reject or same-successor`;
    expect(complaint({ REFRESH_RETRY: word })).toBe(said);
  }
});

test.each(["IMPORTED_TOKENS", "MANAGEMENT_API", "RATE_LIMITS"])(
  "%s is off or on, spelled exactly",
  (name) => {
    expect(complaint({ [name]: "on" })).toBeNull();
    for (const word of ["On", "on ", "true", true, 1]) {
      expect(complaint({ [name]: word })).toBe(
        `${name} is ${JSON.stringify(word)}: it must be off or on`,
      );
    }
  },
);

describe("the endpoint of the lazy migration", () => {
  const asked = (changes: object) => parseConfig({ ...SETTINGS_MIN, ...changes }).legacy;
  const LEGACY_TOKEN_ENDPOINT = "https://old.example.com/o/token/";

  test("is an https URL, or one of this machine", () => {
    const LEGACY_CLIENT_ID = "mover";
    for (const endpoint of [LEGACY_TOKEN_ENDPOINT, "http://127.0.0.1:8000/o/token/"]) {
      expect(asked({ LEGACY_TOKEN_ENDPOINT: endpoint, LEGACY_CLIENT_ID })).toEqual({
        tokenEndpoint: endpoint,
        clientId: "mover",
        clientSecret: null,
      });
    }
    const invalid = [
      "http://old.example.com/o/token/",
      "old.example.com",
      "https://a@old.example.com/",
      "https://:b@old.example.com/",
    ];
    for (const endpoint of [...invalid, "ftp://127.0.0.1/", "http://127.0.0.1.example.com/", 1]) {
      expect(complaint({ LEGACY_TOKEN_ENDPOINT: endpoint, LEGACY_CLIENT_ID })).toMatch(
        /^LEGACY_TOKEN_ENDPOINT (?:is|has) [^@]*: it must be an https URL/,
      );
    }
  });

  test("needs a client; the client's secret is in no problem", () => {
    expect(complaint({ LEGACY_TOKEN_ENDPOINT, LEGACY_CLIENT_SECRET: "hush" })).toBe(
      "LEGACY_CLIENT_ID is missing: it must be the client id for LEGACY_TOKEN_ENDPOINT",
    );
    const client = { LEGACY_CLIENT_ID: "mover", LEGACY_CLIENT_SECRET: "hush" };
    expect(asked({ LEGACY_TOKEN_ENDPOINT, ...client })?.clientSecret).toBe("hush");
    expect(asked(client)).toBeNull();
  });
});

describe("a secret", () => {
  test("is a list of keys, the first of which seals", () => {
    const two = `${toHex(rawKey(2))},${KEY}`;
    const config = parseConfig({ ...SETTINGS_MIN, TOKEN_KEYS: two, PASSWORD_PEPPER: two });
    expect(config.tokenKeys).toEqual([rawKey(2), rawKey(0xa1)]);
    expect(config.passwordPepper).toEqual([rawKey(2), rawKey(0xa1)]);
  });

  test.each(["TOKEN_KEYS", "PASSWORD_PEPPER"])("called %s is named when it is invalid", (name) => {
    const allowed = SECRETS.tokenKeys.kind.allowed;
    const said = (problem: string) => `${name} is invalid (${problem}): it must be ${allowed}`;
    const digits = "is not 64 hexadecimal digits";
    expect(complaint({ [name]: KEY.slice(1) })).toBe(said(`key 1 ${digits}`));
    expect(complaint({ [name]: `${KEY},` })).toBe(said(`key 2 ${digits}`));
    expect(complaint({ [name]: `${KEY},${KEY}` })).toBe(said("a duplicate key"));
  });

  test("is in no problem, of its own or of another setting", () => {
    const invalid = fc.string({
      unit: fc.constantFrom(..."89abcdefgh"),
      minLength: 8,
      maxLength: 70,
    });
    const name = fc.constantFrom("TOKEN_KEYS", "PASSWORD_PEPPER");
    fc.assert(
      fc.property(name, fc.array(invalid, { minLength: 1, maxLength: 18 }), (which, parts) => {
        const said = complaint({ [which]: parts.join(",") }) ?? "";
        for (const part of parts) expect(said).not.toContain(part.slice(0, 5));
      }),
    );
    expect(complaint({ SCOPES: "" })).not.toContain(KEY.slice(0, 5));
  });
});

test("the settings of passwords can be read without the others", () => {
  const settings = { PASSWORD_HASH_ROUNDS: 3, PASSWORD_LENGTH_MIN: 9 };
  const read = {
    passwordHashRounds: 3,
    passwordLengthMin: 9,
    passwordPepper: null,
    usernames: "exact",
  };
  expect(parsePasswordConfig(settings)).toEqual(read);
  const defaults = {
    passwordHashRounds: 6,
    passwordLengthMin: 8,
    passwordPepper: null,
    usernames: "exact",
  };
  expect(parsePasswordConfig({})).toEqual(defaults);
  expect(() => parsePasswordConfig({ ...settings, PASSWORD_PEPPER: "x" })).toThrow(
    "PASSWORD_PEPPER is invalid (key 1 is not 64 hexadecimal digits)",
  );
});

describe("settings that look valid at first sight", () => {
  test.each(["ftp://login.example.com", "ws://login.example.com"])("ISSUER is not %s", (ISSUER) => {
    expect(complaint({ ISSUER })).toMatch(/^ISSUER is not an http\(s\) URL: it must be a URL/);
  });

  test.each([0, false])("a pepper of %s is invalid, not absent", (PASSWORD_PEPPER) => {
    expect(complaint({ PASSWORD_PEPPER })).toMatch(/^PASSWORD_PEPPER is invalid \(key 1 is not/);
  });

  test("SCOPES is short enough for a refresh token to contain", () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `scope-${index}`);
    expect(complaint({ SCOPES: names(100).join(" ") })).toBe(null);
    expect(complaint({ SCOPES: "s".repeat(2000) })).toBe(null);
    expect(complaint({ SCOPES: "s".repeat(2001) })).toMatch(/^SCOPES is .{40,60}: it must be/);
  });
});
