import { ADMIN_SCOPE, NAMED_SCOPES, OPENID_SCOPES } from "../protocol/names.ts";
import type { FailurePolicy } from "../rate-limit/failures.ts";
import type { Lifetimes } from "../tokens/authorization.ts";
import { type Rule, readSettings, type Settings, type ValuesOf } from "./parse.ts";
import { SECRETS, SETTINGS } from "./settings/index.ts";

export { BINDINGS, OPTIONAL_BINDINGS } from "./bindings.ts";
export { readSetting, type Settings } from "./parse.ts";
export type { Setting } from "./setting.ts";
export { SECRETS, SETTING_GROUPS, SETTINGS } from "./settings/index.ts";

const TABLE = { ...SETTINGS, ...SECRETS };

/** Names of settings and secrets in wrangler.toml and at Cloudflare. */
export type SettingName = (typeof TABLE)[keyof typeof TABLE]["name"];

type Values = ValuesOf<typeof TABLE>;

/** Groups of settings, in the form in which the service uses them. */
interface Groups {
  /** For clients that set none of their own. */
  readonly lifetimes: Lifetimes;
  /** For the password of one user name. */
  readonly userFailures: FailurePolicy;
  /** For users' passwords through one client, and for its own secret. */
  readonly clientFailures: FailurePolicy;
  /** The token endpoint for lazy migration; null: none. */
  readonly legacy: LegacyConfig | null;
}

/** All settings, validated, and their groups. */
export type Config = Values & Groups;

/** The token endpoint that the service replaces, and the client that calls it. */
interface LegacyConfig {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  /** Null: a public client. */
  readonly clientSecret: string | null;
}

/** The settings that affect how users are stored, for the CLI. */
export type PasswordConfig = ValuesOf<typeof PASSWORD_TABLE>;

const PASSWORD_TABLE = {
  usernames: SETTINGS.usernames,
  passwordLengthMin: SETTINGS.passwordLengthMin,
  passwordHashRounds: SETTINGS.passwordHashRounds,
  passwordPepper: SECRETS.passwordPepper,
};

const LIFETIME_TABLE = {
  accessTokenTtlSeconds: SETTINGS.accessTokenTtlSeconds,
  refreshIdleTtlSeconds: SETTINGS.refreshIdleTtlSeconds,
  refreshAbsoluteTtlSeconds: SETTINGS.refreshAbsoluteTtlSeconds,
};

const IMPORT_TABLE = {
  importedTokens: SETTINGS.importedTokens,
  scopes: SETTINGS.scopes,
  ...LIFETIME_TABLE,
};

/** Rules between settings. */
const RULES: readonly Rule<Values>[] = [
  {
    name: SETTINGS.issuer.name,
    problem({ issuer, pathPrefix }) {
      const path = issuer === null ? "/" : new URL(issuer).pathname;
      if (path === "/" || pathPrefix.includes(path)) return null;
      const allowed = pathPrefix.join(" ");
      return `has the path ${path}: it must be one of PATH_PREFIX, which is ${allowed}`;
    },
  },
  {
    name: SETTINGS.resources.name,
    problem({ resources, scopes }) {
      const named = (resources ?? []).flatMap(({ scope }) => scope ?? []);
      const reserved = named.find((scope) => [ADMIN_SCOPE, ...NAMED_SCOPES].includes(scope));
      if (reserved !== undefined) return `has the scope ${reserved}: a client has it only by name`;
      const unknown = named.find((scope) => ![...scopes, ...OPENID_SCOPES].includes(scope));
      return unknown === undefined ? null : `has the scope ${unknown}: SCOPES must list it`;
    },
  },
  {
    name: SETTINGS.failureDelaySecondsMin.name,
    problem: ({ failureDelaySecondsMin: min, failureDelaySecondsMax: max }) =>
      min > max ? `is ${min}: it must be at most FAILURE_DELAY_SECONDS_MAX, which is ${max}` : null,
  },
  {
    name: SETTINGS.legacyClientId.name,
    problem: ({ legacyTokenEndpoint, legacyClientId }) =>
      legacyTokenEndpoint !== null && legacyClientId === null
        ? "is missing: it must be the client id for LEGACY_TOKEN_ENDPOINT"
        : null,
  },
];

/**
 * Reads and validates all settings.
 *
 * @throws ConfigError that lists every missing or invalid setting
 */
export function parseConfig(settings: Settings): Config {
  const values = readSettings(TABLE, settings, RULES);
  return Object.freeze({
    ...values,
    lifetimes: toLifetimes(values),
    userFailures: {
      free: values.userFailuresFree,
      forgottenMs: 1000 * values.userFailuresForgottenSeconds,
      ...toDelays(values),
    },
    clientFailures: {
      free: values.clientFailuresFree,
      forgottenMs: 1000 * values.clientFailuresForgottenSeconds,
      ...toDelays(values),
    },
    legacy: toLegacyConfig(values),
  });
}

/**
 * Reads and validates the settings of {@link PasswordConfig} alone.
 *
 * @throws ConfigError that lists every invalid setting
 */
export function parsePasswordConfig(settings: Settings): PasswordConfig {
  return readSettings(PASSWORD_TABLE, settings);
}

/** The settings that affect an import from another server. */
export type ImportConfig = Pick<Config, "importedTokens" | "scopes" | "lifetimes">;

/**
 * Reads and validates the settings of {@link ImportConfig} alone.
 *
 * @throws ConfigError that lists every invalid setting
 */
export function parseImportConfig(settings: Settings): ImportConfig {
  const values = readSettings(IMPORT_TABLE, settings);
  const { importedTokens, scopes } = values;
  return { importedTokens, scopes, lifetimes: toLifetimes(values) };
}

function toLifetimes(values: ValuesOf<typeof LIFETIME_TABLE>): Lifetimes {
  return {
    accessTokenSeconds: values.accessTokenTtlSeconds,
    refreshIdleSeconds: values.refreshIdleTtlSeconds,
    refreshAbsoluteSeconds: values.refreshAbsoluteTtlSeconds,
  };
}

function toDelays(values: Values): Pick<FailurePolicy, "delayMsMin" | "delayMsMax"> {
  return {
    delayMsMin: 1000 * values.failureDelaySecondsMin,
    delayMsMax: 1000 * values.failureDelaySecondsMax,
  };
}

function toLegacyConfig(values: Values): LegacyConfig | null {
  const { legacyTokenEndpoint, legacyClientId, legacyClientSecret } = values;
  if (legacyTokenEndpoint === null || legacyClientId === null) return null;
  return {
    tokenEndpoint: legacyTokenEndpoint,
    clientId: legacyClientId,
    clientSecret: legacyClientSecret,
  };
}
