import type { Unstable_Config } from "wrangler";
import { nearest } from "../../admin/nearest.ts";
import {
  BINDINGS,
  type Config,
  OPTIONAL_BINDINGS,
  parseConfig,
  SECRETS,
  SETTINGS,
  type Setting,
} from "../../config/index.ts";
import { ConfigError } from "../../errors/refusal.ts";
import { messageOf } from "../command-error.ts";
import { type Check, failed, ok, warning } from "./check.ts";

/** Placeholders of secrets, which `secrets.ts` checks. */
const CHECKED_ELSEWHERE = {
  TOKEN_KEYS: "00".repeat(32),
  SIGNING_KEYS: "",
  PASSWORD_PEPPER: "",
};

/** The names of all settings and secrets. */
const NAMES = Object.values<Setting>({ ...SETTINGS, ...SECRETS }).map(({ name }) => name);

/** Checks that wrangler.toml contains every binding that the service needs. */
export function checkBindings(config: Unstable_Config): Check {
  const found = [
    ...config.kv_namespaces.map(({ binding }) => binding),
    ...config.d1_databases.map(({ binding }) => binding),
    ...config.durable_objects.bindings.map(({ name }) => name),
    ...config.ratelimits.map(({ name }) => name),
  ];
  const missingOf = (bindings: object) => {
    return Object.keys(bindings).filter((name) => !found.includes(name));
  };
  const fix = "copy them from the project's wrangler.toml; environments do not inherit bindings";
  const missing = missingOf(BINDINGS);
  if (missing.length > 0) {
    return failed("bindings", `missing in wrangler.toml: ${missing.join(", ")}`, fix);
  }
  const absent = missingOf(OPTIONAL_BINDINGS);
  if (absent.length === 0) return ok("bindings", found.join(", "));
  return warning("bindings", `wrangler.toml does not have ${absent.join(", ")}`, fix);
}

/** Checks that there is a cron trigger. */
export function checkTriggers({ triggers }: Pick<Unstable_Config, "triggers">): Check[] {
  if (triggers.crons !== undefined && triggers.crons.length > 0) return [];
  const detail =
    "wrangler.toml has no cron trigger: back-channel logouts by commands are not sent, and old " +
    "rows of logouts stay";
  return [warning("triggers", detail, "copy [triggers] from the project's wrangler.toml")];
}

/** Checks that the settings are valid, and advises on values that are unusual in production. */
export function checkSettings(vars: Readonly<Record<string, unknown>>, isRemote: boolean): Check[] {
  let config: Config;
  try {
    config = parseConfig({ ...vars, ...CHECKED_ELSEWHERE });
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [messageOf(error)];
    return problems.map((problem) => failed("settings", problem, "see docs/configuration.md"));
  }
  const advice = [
    ...adviceOnNames(Object.keys(vars)),
    ...adviceOf(config),
    ...adviceOnCombinations(config, isRemote),
  ];
  if (advice.length === 0) return [ok("settings", "all valid")];
  return advice.map(([detail, fix]) => warning("settings", detail, fix));
}

type Advice = readonly [detail: string, fix: string];

/** Advice on names that are not those of settings, such as misspelt ones. */
function adviceOnNames(names: readonly string[]): Advice[] {
  const known = NAMES.map((name) => name.toLowerCase());
  return names
    .filter((name) => !NAMES.includes(name))
    .map((name) => {
      const near = nearest(name, known)?.toUpperCase();
      const fix = near === undefined ? "see docs/configuration.md" : `did you mean ${near}?`;
      return [`${name} is not a setting, so it has no effect`, fix];
    });
}

/** Advice on single settings, from the settings table. */
function adviceOf(config: Config): Advice[] {
  return Object.entries<Setting>(SETTINGS).flatMap(([key, { name, advice, ...row }]) => {
    const value = config[key as keyof Config];
    if (advice === undefined || advice.isWise(value)) return [];
    const fix = row.default === null ? "leave it empty" : `the default is ${row.default}`;
    return [[`${name} is ${value}: ${advice.otherwise}`, fix] satisfies Advice];
  });
}

/** Advice on combinations of settings. */
function adviceOnCombinations({ issuer, lifetimes }: Config, isRemote: boolean): Advice[] {
  const advice: Advice[] = [];
  if (lifetimes.refreshIdleSeconds > lifetimes.refreshAbsoluteSeconds) {
    const detail =
      "REFRESH_IDLE_TTL_SECONDS has no effect: it is larger than REFRESH_ABSOLUTE_TTL_SECONDS";
    advice.push([detail, "lower it"]);
  }
  if (!isRemote) return advice;
  const fix = "set it to the address that clients use, such as https://login.example.com";
  if (issuer === null)
    advice.push(["ISSUER is empty: the issuer of a token is the origin of its request", fix]);
  else if (!issuer.startsWith("https://")) advice.push(["ISSUER is not https", fix]);
  return advice;
}
