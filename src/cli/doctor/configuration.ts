import type { Unstable_Config } from "wrangler";
import { BINDINGS, type Config, parseConfig } from "../../config.ts";
import { messageOf } from "../command-error.ts";
import { type Check, failed, ok, warning } from "./check.ts";

/** What OWASP asks for, in calls of 100,000 iterations. */
const HASH_ROUNDS_RECOMMENDED = 6;

/** KV keeps nothing for a shorter time. Source: Workers KV, "Expiring keys". */
const ACCESS_TOKEN_SECONDS_MIN = 60;

/** A stolen access token is good for as long. */
const ACCESS_TOKEN_SECONDS_MAX = 86_400;

/** A slow answer, a pause of the client and a second one fit in. See the README. */
const RETRY_WINDOW_SECONDS_MIN = 8;

/** Stands in for the secrets that nobody can read back, so that the rest can be checked. */
const SOME_TOKEN_KEY = "00".repeat(32);

/** Every binding that the service needs stands in wrangler.toml. */
export function checkBindings(config: Unstable_Config): Check {
  const found = [
    ...config.kv_namespaces.map(({ binding }) => binding),
    ...config.d1_databases.map(({ binding }) => binding),
    ...config.durable_objects.bindings.map(({ name }) => name),
    ...config.ratelimits.map(({ name }) => name),
  ];
  const missing = BINDINGS.filter((name) => !found.includes(name));
  if (missing.length === 0) return ok("bindings", found.join(", "));
  const cure = "take them from wrangler.toml as the project has it; environments inherit none";
  return failed("bindings", `wrangler.toml lacks ${missing.join(", ")}`, cure);
}

/** The settings are such that the service starts, and such as one would choose for production. */
export function checkSettings(vars: Readonly<Record<string, unknown>>, isRemote: boolean): Check[] {
  let config: Config;
  try {
    config = parseConfig({ ...vars, TOKEN_KEYS: SOME_TOKEN_KEY, SIGNING_KEYS: "" });
  } catch (error) {
    return [failed("settings", messageOf(error), "see the table of settings in the README")];
  }
  const odd = [
    ...oddNumbers(config),
    ...oddLimits(config),
    ...oddLegacy(config),
    ...(isRemote ? oddIssuer(config) : []),
  ];
  if (odd.length === 0) return [ok("settings", "nothing odd")];
  return odd.map(([detail, cure]) => warning("settings", detail, cure));
}

type Oddity = readonly [detail: string, cure: string];

function oddIssuer({ issuer }: Config): Oddity[] {
  const cure = "set it to the address that clients use, such as https://login.example.com";
  if (issuer === null)
    return [["ISSUER is empty: tokens name the address a request came to", cure]];
  return issuer.startsWith("https://") ? [] : [["ISSUER is not https", cure]];
}

function oddLimits({ rateLimits }: Config): Oddity[] {
  if (rateLimits === "on") return [];
  const detail = "RATE_LIMITS is off: passwords can be guessed at as fast as they are hashed";
  return [[detail, "set it to on; off is for load tests"]];
}

function oddLegacy({ legacy }: Config): Oddity[] {
  if (legacy === null) return [];
  const detail =
    "LEGACY_TOKEN_ENDPOINT is set: a move that is not over, and deleted users come back";
  return [[detail, "empty it once every user has logged in or been imported"]];
}

function oddNumbers({ passwordHashRounds, lifetimes, ...config }: Config): Oddity[] {
  const { accessTokenSeconds, refreshIdleSeconds, refreshAbsoluteSeconds } = lifetimes;
  const rules: [isOdd: boolean, detail: string, cure: string][] = [
    [
      passwordHashRounds < HASH_ROUNDS_RECOMMENDED,
      `PASSWORD_HASH_ROUNDS is ${passwordHashRounds}: a stolen record is guessed at faster`,
      `raise it to ${HASH_ROUNDS_RECOMMENDED}; passwords are hashed anew at the next login`,
    ],
    [
      accessTokenSeconds < ACCESS_TOKEN_SECONDS_MIN,
      `ACCESS_TOKEN_TTL_SECONDS is ${accessTokenSeconds}: a client refreshes all the time`,
      "3600 is the default",
    ],
    [
      accessTokenSeconds > ACCESS_TOKEN_SECONDS_MAX,
      `ACCESS_TOKEN_TTL_SECONDS is ${accessTokenSeconds}: more than a day for a stolen token`,
      "3600 is the default",
    ],
    [
      refreshIdleSeconds > refreshAbsoluteSeconds,
      "REFRESH_IDLE_TTL_SECONDS is above REFRESH_ABSOLUTE_TTL_SECONDS, and so means nothing",
      "lower it",
    ],
    [
      config.refreshRetryWindowSeconds < RETRY_WINDOW_SECONDS_MIN,
      `REFRESH_RETRY_WINDOW_SECONDS is ${config.refreshRetryWindowSeconds}: a client that waited ` +
        "for a slow answer comes too late, and loses its login",
      "10 is the default",
    ],
  ];
  return rules.filter(([isOdd]) => isOdd).map(([, detail, cure]) => [detail, cure]);
}
