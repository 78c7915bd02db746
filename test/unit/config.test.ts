import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError, parseConfig, parsePasswordConfig } from "../../src/config.ts";
import { toHex } from "../../src/crypto/bytes.ts";
import { rawKey } from "../support/rings.ts";

type Bindings =
  | "ACCESS_TOKENS"
  | "ADDRESS_RATE_LIMIT"
  | "DB"
  | "FAILURE_COUNTERS"
  | "FOREIGN_PASSWORDS"
  | "REFRESH_FAMILIES"
  | "USED_ASSERTIONS";

/** DESIGN's defaults. Their types come from wrangler.toml, so that `tsc` finds one that differs. */
const VARS: Omit<Env, Bindings | "TOKEN_KEYS"> = {
  ISSUER: "",
  SCOPES: "read write groups introspection",
  ACCESS_TOKEN_TTL_SECONDS: 3600,
  REFRESH_IDLE_TTL_SECONDS: 2592000,
  REFRESH_ABSOLUTE_TTL_SECONDS: 7776000,
  REFRESH_RETRY: "reject",
  REFRESH_RETRY_WINDOW_SECONDS: 10,
  PASSWORD_HASH_ROUNDS: 6,
  PASSWORD_LENGTH_MIN: 8,
  RATE_LIMITS: "on",
  USER_FAILURES_FREE: 10,
  USER_FAILURES_FORGOTTEN_SECONDS: 86_400,
  CLIENT_FAILURES_FREE: 100,
  CLIENT_FAILURES_FORGOTTEN_SECONDS: 3600,
  FAILURE_DELAY_SECONDS_MIN: 1,
  FAILURE_DELAY_SECONDS_MAX: 900,
  HASHES_IN_FLIGHT_MAX: 32,
  FAILED_LOGIN_SECONDS_MIN: 2,
  IMPORTED_TOKENS: "off",
  MANAGEMENT_API: "off",
  LEGACY_TOKEN_ENDPOINT: "",
  LEGACY_CLIENT_ID: "",
};
/** What may be empty: the service starts without. */
const OPTIONAL = ["ISSUER", "LEGACY_TOKEN_ENDPOINT", "LEGACY_CLIENT_ID"];
const KEY = toHex(rawKey(0xa1));
const SETTINGS = { ...VARS, TOKEN_KEYS: KEY };
const YEAR = 31_536_000;

/** @returns what the service says of its settings, or null when it starts */
function complaint(changes: Record<string, unknown>): string | null {
  try {
    parseConfig({ ...SETTINGS, ...changes });
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
}

describe("the settings of wrangler.toml", () => {
  test("are the defaults, and are enough to start with a key", () => {
    const { PASSWORD_HASH_ROUNDS, RATE_LIMITS, FAILED_LOGIN_SECONDS_MIN, ...vars } = VARS;
    expect({ ...env }).toMatchObject(vars);
    const lowered = { PASSWORD_HASH_ROUNDS, RATE_LIMITS, FAILED_LOGIN_SECONDS_MIN };
    expect(parseConfig({ ...env, ...lowered, TOKEN_KEYS: KEY, SIGNING_KEYS: undefined })).toEqual({
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
  });

  test("cannot be changed once they are read", () => {
    expect(Object.isFrozen(parseConfig(SETTINGS))).toBe(true);
  });

  test.each(Object.keys(SETTINGS).filter((name) => !OPTIONAL.includes(name)))(
    "have no default inside the service: without %s it does not start, and says so",
    (name) => {
      expect(complaint({ [name]: undefined })).toMatch(new RegExp(`^${name}\\b`));
      expect(complaint({ [name]: null })).toMatch(new RegExp(`^${name}\\b`));
      expect(complaint({ [name]: "" })).toMatch(new RegExp(`^${name}\\b`));
      expect(complaint({ [name]: {} })).toMatch(new RegExp(`^${name}\\b`));
    },
  );
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
    ["FAILURE_DELAY_SECONDS_MIN", 1, 900],
    ["FAILURE_DELAY_SECONDS_MAX", 1, YEAR],
    ["HASHES_IN_FLIGHT_MAX", 1, 300],
    ["FAILED_LOGIN_SECONDS_MIN", 0, 30],
  ])("such as %s is whole and from %i to %i, as a number or in digits", (name, min, max) => {
    for (const good of [min, max, String(min), String(max)]) {
      expect(complaint({ [name]: good }), String(good)).toBeNull();
    }
    const said = `${name} must be a whole number from ${min} to ${max}`;
    const odd = [min - 1, max + 1, min + 0.5, Number.NaN, Number.POSITIVE_INFINITY, true, [min]];
    const oddText = [`${max + 1}`, "-1", "1.5", "1e1", "0x1", " 1", "1 ", "+1", "1h", "\u0661"];
    for (const value of [...odd, ...oddText]) {
      expect(complaint({ [name]: value }), String(value)).toBe(said);
    }
  });

  test("means the same in digits", () => {
    const digits = parseConfig({
      ...SETTINGS,
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
  ])("may be %s", (issuer) =>
    expect(parseConfig({ ...SETTINGS, ISSUER: issuer }).issuer).toBe(issuer),
  );

  test.each([
    "login.example.com",
    "https://login.example.com/",
    "https://login.example.com/o",
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
    expect(complaint({ ISSUER: issuer })).toBe(
      "ISSUER must be an origin such as https://login.example.com, or empty",
    );
  });

  test("may be absent, and then the service has no name of its own", () => {
    for (const issuer of [undefined, null, ""]) {
      expect(parseConfig({ ...SETTINGS, ISSUER: issuer }).issuer).toBeNull();
    }
  });
});

test("SCOPES is a set of scope names", () => {
  expect(parseConfig({ ...SETTINGS, SCOPES: "b a  b" }).scopes).toEqual(["b", "a"]);
  for (const scopes of [" ", "read\twrite", 'read "write"', "caf\u00e9"]) {
    expect(complaint({ SCOPES: scopes })).toBe("SCOPES must be scope names with spaces between");
  }
});

test("REFRESH_RETRY is one of two words, spelled exactly", () => {
  const config = parseConfig({ ...SETTINGS, REFRESH_RETRY: "same-successor" });
  expect(config.refreshRetry).toBe("same-successor");
  for (const word of ["Reject", "reject ", "same_successor", "toString"]) {
    const said = "REFRESH_RETRY must be reject or same-successor";
    expect(complaint({ REFRESH_RETRY: word })).toBe(said);
  }
});

test.each(["IMPORTED_TOKENS", "MANAGEMENT_API", "RATE_LIMITS"])(
  "%s is off or on, spelled exactly",
  (name) => {
    expect(complaint({ [name]: "on" })).toBeNull();
    for (const word of ["On", "on ", "true", true, 1]) {
      expect(complaint({ [name]: word })).toMatch(
        new RegExp(`^${name} (?:must be off or on|is missing)$`),
      );
    }
  },
);

describe("the endpoint where users log in who are not known here yet", () => {
  const asked = (changes: object) => parseConfig({ ...SETTINGS, ...changes }).legacy;
  const LEGACY_TOKEN_ENDPOINT = "https://old.example.com/o/token/";

  test("is an https address, or one of this machine", () => {
    const LEGACY_CLIENT_ID = "mover";
    for (const endpoint of [LEGACY_TOKEN_ENDPOINT, "http://127.0.0.1:8000/o/token/"]) {
      expect(asked({ LEGACY_TOKEN_ENDPOINT: endpoint, LEGACY_CLIENT_ID })).toEqual({
        tokenEndpoint: endpoint,
        clientId: "mover",
        clientSecret: null,
      });
    }
    const odd = [
      "http://old.example.com/o/token/",
      "old.example.com",
      "https://a@old.example.com/",
      "https://:b@old.example.com/",
    ];
    for (const endpoint of [...odd, "ftp://127.0.0.1/", "http://127.0.0.1.example.com/", 1]) {
      expect(complaint({ LEGACY_TOKEN_ENDPOINT: endpoint, LEGACY_CLIENT_ID })).toMatch(
        /^LEGACY_TOKEN_ENDPOINT must be an https address/,
      );
    }
  });

  test("goes with a client, which may have a secret that no complaint quotes", () => {
    expect(complaint({ LEGACY_TOKEN_ENDPOINT, LEGACY_CLIENT_SECRET: "hush" })).toBe(
      "LEGACY_CLIENT_ID is missing",
    );
    const client = { LEGACY_CLIENT_ID: "mover", LEGACY_CLIENT_SECRET: "hush" };
    expect(asked({ LEGACY_TOKEN_ENDPOINT, ...client })?.clientSecret).toBe("hush");
    expect(asked(client)).toBeNull();
  });
});

describe("a secret", () => {
  test("is a list of keys, the first of which seals", () => {
    const two = `${toHex(rawKey(2))},${KEY}`;
    const config = parseConfig({ ...SETTINGS, TOKEN_KEYS: two, PASSWORD_PEPPER: two });
    expect(config.tokenKeys).toEqual([rawKey(2), rawKey(0xa1)]);
    expect(config.passwordPepper).toEqual([rawKey(2), rawKey(0xa1)]);
  });

  test.each(["TOKEN_KEYS", "PASSWORD_PEPPER"])("called %s is named when it is odd", (name) => {
    const digits = "is not 64 hexadecimal digits";
    expect(complaint({ [name]: KEY.slice(1) })).toBe(`${name}: key 1 ${digits}`);
    expect(complaint({ [name]: `${KEY},` })).toBe(`${name}: key 2 ${digits}`);
    expect(complaint({ [name]: `${KEY},${KEY}` })).toBe(`${name}: the same key stands twice`);
  });

  test("may be absent when it is the pepper", () => {
    for (const pepper of [undefined, null, ""]) {
      expect(parseConfig({ ...SETTINGS, PASSWORD_PEPPER: pepper }).passwordPepper).toBeNull();
    }
  });

  test("is quoted by no complaint, about itself or about another setting", () => {
    const odd = fc.string({ unit: fc.constantFrom(..."89abcdefgh"), minLength: 8, maxLength: 70 });
    const name = fc.constantFrom("TOKEN_KEYS", "PASSWORD_PEPPER");
    fc.assert(
      fc.property(name, fc.array(odd, { minLength: 1, maxLength: 18 }), (which, parts) => {
        const said = complaint({ [which]: parts.join(",") }) ?? "";
        for (const part of parts) expect(said).not.toContain(part.slice(0, 5));
      }),
    );
    expect(complaint({ SCOPES: "" })).not.toContain(KEY.slice(0, 5));
  });
});

test("the settings of passwords alone need no others", () => {
  const settings = { PASSWORD_HASH_ROUNDS: 3, PASSWORD_LENGTH_MIN: 9 };
  const read = { passwordHashRounds: 3, passwordLengthMin: 9, passwordPepper: null };
  expect(parsePasswordConfig(settings)).toEqual(read);
  expect(() => parsePasswordConfig({})).toThrow(ConfigError);
  expect(() => parsePasswordConfig({ ...settings, PASSWORD_PEPPER: "x" })).toThrow(
    "PASSWORD_PEPPER: key 1 is not 64 hexadecimal digits",
  );
});

describe("settings that look right at a glance", () => {
  test.each(["ftp://login.example.com", "ws://login.example.com"])("ISSUER is not %s", (ISSUER) => {
    expect(complaint({ ISSUER })).toMatch(/^ISSUER must be an origin/);
  });

  test.each([0, false])("a pepper of %s is odd, and not the same as none", (PASSWORD_PEPPER) => {
    expect(complaint({ PASSWORD_PEPPER })).toMatch(/^PASSWORD_PEPPER: key 1 is not/);
  });

  test("SCOPES stays short enough for the refresh token that carries it", () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `scope-${index}`);
    expect(complaint({ SCOPES: names(100).join(" ") })).toBe(null);
    expect(complaint({ SCOPES: "s".repeat(2000) })).toBe(null);
    expect(complaint({ SCOPES: "s".repeat(2001) })).toMatch(/^SCOPES must be/);
  });
});
