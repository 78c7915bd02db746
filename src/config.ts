import { parseRingKeys } from "./crypto/key-ring.ts";
import { ROUNDS_MAX } from "./crypto/password-record.ts";
import { type JWK, parseJwkSet } from "./crypto/signing-keys.ts";
import type { FailurePolicy } from "./limits/failures.ts";
import { parseScope, type Scope } from "./protocol/scope.ts";
import { ConfigError, choice, integer, isUnset, type Settings, text } from "./settings.ts";
import type { Lifetimes } from "./tokens/authorization.ts";
import type { FamilyPolicy } from "./tokens/family.ts";

export { ConfigError, type Settings } from "./settings.ts";

/** Every setting, checked and with its unit. See the README for what each does. */
export interface Config extends PasswordConfig, LimitsConfig {
  /** Origin that stands for the service in tokens; null: the origin a request came to. */
  readonly issuer: string | null;
  /** Every scope there is. */
  readonly scopes: Scope;
  /** For clients that set none of their own. */
  readonly lifetimes: Lifetimes;
  readonly refreshRetry: FamilyPolicy["retry"];
  readonly refreshRetryWindowSeconds: number;
  /** Private keys that sign JWTs, the first of which signs; null: no client can have JWTs. */
  readonly signingKeys: readonly JWK[] | null;
  /** Raw ring keys; the first seals tokens, all open them. */
  readonly tokenKeys: readonly Uint8Array<ArrayBuffer>[];
  /** Whether tokens that were imported from another server are looked up; see `imported_tokens`. */
  readonly importedTokens: "off" | "on";
  /** Whether the management API answers, over HTTP and over RPC. */
  readonly managementApi: "off" | "on";
  /** How soon a failed login of a user is answered at the earliest; 0: at once. */
  readonly failedLoginSecondsMin: number;
  /** Where users log in who are not known here yet; null: nowhere. */
  readonly legacy: LegacyConfig | null;
}

/** How much may be tried before the service says to wait. */
export interface LimitsConfig {
  /** Whether requests of an address and failures at a secret are counted at all. */
  readonly rateLimits: "off" | "on";
  /** At the password of one user name. */
  readonly userFailures: FailurePolicy;
  /** At users' passwords through one client, and at its own secret. */
  readonly clientFailures: FailurePolicy;
  /** Passwords and secrets that one isolate hashes or lets wait; the rest are refused. */
  readonly hashesInFlightMax: number;
}

/** The token endpoint that the service replaces, and the client that it calls it as. */
export interface LegacyConfig {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  /** Null: a public client. */
  readonly clientSecret: string | null;
}

/** The settings that decide how a password is stored: all that the CLI needs of them. */
export interface PasswordConfig {
  /** Fewest characters of a password that is set from now on. */
  readonly passwordLengthMin: number;
  /** Chained PBKDF2 calls for a user's password. */
  readonly passwordHashRounds: number;
  /** Raw ring keys that seal password records, or null without a pepper. */
  readonly passwordPepper: readonly Uint8Array<ArrayBuffer>[] | null;
}

/** Every binding without which the service does not start. */
export const BINDINGS = [
  "ACCESS_TOKENS",
  "ADDRESS_RATE_LIMIT",
  "DB",
  "FAILURE_COUNTERS",
  "FOREIGN_PASSWORDS",
  "REFRESH_FAMILIES",
  "USED_ASSERTIONS",
] as const;

const SECONDS_PER_YEAR = 31_536_000;

const SWITCH = ["off", "on"] as const;

/** NIST SP 800-63B allows no shorter password, and no verifier that refuses one of 64. */
const PASSWORD_LENGTH_MIN = { lowest: 8, highest: 64 };

/** Where a password may be sent in the clear: to this machine itself. */
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** More would be no limit. */
const FAILURES_FREE_MAX = 100_000;

/** More would wait for longer than any client does: a tenth of a second each. */
const HASHES_IN_FLIGHT_MAX = 300;
/** More would outlast the patience of clients that wait for an answer. */
const FAILED_LOGIN_SECONDS_MAX = 30;

/** Longest time in which a repeated refresh may be a lost answer. */
const RETRY_WINDOW_SECONDS_MAX = 600;

/**
 * Reads and checks all settings.
 *
 * @throws ConfigError that names the first setting that is missing or odd
 */
export function parseConfig(settings: Settings): Config {
  return Object.freeze({
    issuer: issuer(settings),
    scopes: scopes(settings),
    lifetimes: lifetimes(settings),
    refreshRetry: choice(settings, "REFRESH_RETRY", ["reject", "same-successor"] as const),
    refreshRetryWindowSeconds: integer(
      settings,
      "REFRESH_RETRY_WINDOW_SECONDS",
      0,
      RETRY_WINDOW_SECONDS_MAX,
    ),
    signingKeys: signingKeys(settings),
    tokenKeys: ringKeys("TOKEN_KEYS", text(settings, "TOKEN_KEYS")),
    importedTokens: choice(settings, "IMPORTED_TOKENS", SWITCH),
    managementApi: choice(settings, "MANAGEMENT_API", SWITCH),
    failedLoginSecondsMin: integer(
      settings,
      "FAILED_LOGIN_SECONDS_MIN",
      0,
      FAILED_LOGIN_SECONDS_MAX,
    ),
    legacy: legacy(settings),
    ...parsePasswordConfig(settings),
    ...limits(settings),
  });
}

/**
 * Reads and checks the settings of {@link PasswordConfig} alone.
 *
 * @throws ConfigError that names the first setting that is missing or odd
 */
export function parsePasswordConfig(settings: Settings): PasswordConfig {
  const pepper = settings["PASSWORD_PEPPER"];
  const { lowest, highest } = PASSWORD_LENGTH_MIN;
  return {
    passwordLengthMin: integer(settings, "PASSWORD_LENGTH_MIN", lowest, highest),
    passwordHashRounds: integer(settings, "PASSWORD_HASH_ROUNDS", 1, ROUNDS_MAX),
    passwordPepper: isUnset(pepper) ? null : ringKeys("PASSWORD_PEPPER", String(pepper)),
  };
}

/** The settings that decide what may be brought in from another server. */
export type ImportConfig = Pick<Config, "importedTokens" | "scopes" | "lifetimes">;

/**
 * Reads and checks the settings of {@link ImportConfig} alone.
 *
 * @throws ConfigError that names the first setting that is missing or odd
 */
export function parseImportConfig(settings: Settings): ImportConfig {
  return {
    importedTokens: choice(settings, "IMPORTED_TOKENS", SWITCH),
    scopes: scopes(settings),
    lifetimes: lifetimes(settings),
  };
}

function lifetimes(settings: Settings): Lifetimes {
  const read = (name: string) => integer(settings, name, 1, SECONDS_PER_YEAR);
  return {
    accessTokenSeconds: read("ACCESS_TOKEN_TTL_SECONDS"),
    refreshIdleSeconds: read("REFRESH_IDLE_TTL_SECONDS"),
    refreshAbsoluteSeconds: read("REFRESH_ABSOLUTE_TTL_SECONDS"),
  };
}

function limits(settings: Settings): LimitsConfig {
  const milliseconds = (name: string, min: number, max = SECONDS_PER_YEAR) =>
    1000 * integer(settings, name, min, max);
  const delayMsMax = milliseconds("FAILURE_DELAY_SECONDS_MAX", 1);
  const delayMsMin = milliseconds("FAILURE_DELAY_SECONDS_MIN", 1, delayMsMax / 1000);
  const failures = (what: "USER" | "CLIENT"): FailurePolicy => ({
    free: integer(settings, `${what}_FAILURES_FREE`, 1, FAILURES_FREE_MAX),
    forgottenMs: milliseconds(`${what}_FAILURES_FORGOTTEN_SECONDS`, 1),
    delayMsMin,
    delayMsMax,
  });
  return {
    rateLimits: choice(settings, "RATE_LIMITS", SWITCH),
    userFailures: failures("USER"),
    clientFailures: failures("CLIENT"),
    hashesInFlightMax: integer(settings, "HASHES_IN_FLIGHT_MAX", 1, HASHES_IN_FLIGHT_MAX),
  };
}

function issuer(settings: Settings): string | null {
  const value = settings["ISSUER"] ?? "";
  if (value === "") return null;
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (url === null || url.origin !== value || !/^https?:$/.test(url.protocol)) {
    throw new ConfigError("ISSUER must be an origin such as https://login.example.com, or empty");
  }
  return url.origin;
}

function scopes(settings: Settings): Scope {
  const parsed = parseScope(text(settings, "SCOPES"));
  if (parsed === null || parsed.length === 0) {
    throw new ConfigError("SCOPES must be scope names with spaces between");
  }
  return parsed;
}

function signingKeys(settings: Settings): Config["signingKeys"] {
  const value = settings["SIGNING_KEYS"];
  if (!value) return null;
  const keys = parseJwkSet(String(value));
  if (typeof keys === "string") throw new ConfigError(`SIGNING_KEYS: ${keys}`);
  return keys;
}

function legacy(settings: Settings): LegacyConfig | null {
  const [endpoint, clientId, clientSecret] = [
    settings["LEGACY_TOKEN_ENDPOINT"],
    settings["LEGACY_CLIENT_ID"],
    settings["LEGACY_CLIENT_SECRET"],
  ];
  if (isUnset(endpoint)) return null;
  const url = typeof endpoint === "string" ? URL.parse(endpoint) : null;
  const isLoopback = url?.protocol === "http:" && LOOPBACK.includes(url.hostname);
  if (
    url === null ||
    (url.protocol !== "https:" && !isLoopback) ||
    url.username ||
    url.password ||
    url.hash
  ) {
    throw new ConfigError(
      "LEGACY_TOKEN_ENDPOINT must be an https address such as https://old.example.com/o/token/",
    );
  }
  if (isUnset(clientId)) throw new ConfigError("LEGACY_CLIENT_ID is missing");
  return {
    tokenEndpoint: url.href,
    clientId: String(clientId),
    clientSecret: isUnset(clientSecret) ? null : String(clientSecret),
  };
}

function ringKeys(name: string, value: string): Config["tokenKeys"] {
  const keys = parseRingKeys(value);
  if (typeof keys === "string") throw new ConfigError(`${name}: ${keys}`);
  return keys;
}
