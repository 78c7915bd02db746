import { waitUntil } from "cloudflare:workers";
import type { ClaimTools } from "./client-auth/claim.ts";
import { createVerdictMemory } from "./client-auth/verdict-memory.ts";
import {
  BINDINGS,
  type Config,
  ConfigError,
  parseConfig,
  readSetting,
  SETTINGS,
} from "./config/index.ts";
import { toHex } from "./crypto/bytes.ts";
import { createPasswordKinds } from "./crypto/passwords.ts";
import { randomUuid, secureRandom } from "./crypto/random.ts";
import type { SigningKeys } from "./crypto/signing-keys.ts";
import type { GrantTools } from "./grants/grant.ts";
import { createIssuer, type Issuer } from "./issuer/index.ts";
import { deriveMintTools, SigningKeyError } from "./issuer/mint.ts";
import { deriveDigestOrigin } from "./issuer/origin.ts";
import { createLegacyLogin } from "./legacy/log-in.ts";
import type { ManagementTools } from "./management/tools.ts";
import { ADMIN_SCOPE, NAMED_SCOPES } from "./protocol/names.ts";
import { createAccessTokenStore } from "./storage/access-tokens.ts";
import { createAccountStore } from "./storage/accounts.ts";
import { createAddressLimit } from "./storage/address-limit.ts";
import { createAssertionStore } from "./storage/assertions.ts";
import { DEADLINE_MS } from "./storage/attempt.ts";
import { createFailureCounters } from "./storage/failure-counters.ts";
import { createFamilyStore } from "./storage/families.ts";
import { createForeignDerivation } from "./storage/foreign-derivation.ts";
import { createHealthChecks, type HealthChecks } from "./storage/health.ts";
import { createImportedTokenStore } from "./storage/imported-tokens.ts";
import { createRegistry } from "./storage/registry.ts";
import { createSessionStore } from "./storage/sessions.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import {
  type AuditQueue,
  createObserver,
  logFailure,
  type Observer,
} from "./telemetry/observer.ts";
import {
  type AddressFilter,
  createAddressFilter,
  NO_ADDRESS_FILTER,
} from "./throttle/address-filter.ts";
import { createHashingQueue } from "./throttle/hashing.ts";
import { createKnownOrigins, type KnownOrigins } from "./throttle/known-origins.ts";
import { deriveThrottleNames } from "./throttle/names.ts";
import { createThrottle, NO_THROTTLE } from "./throttle/throttle.ts";

/** Everything that an endpoint works with, put together once for an isolate. */
export interface Deps extends GrantTools, ClaimTools {
  readonly issuer: Issuer;
  readonly addressFilter: AddressFilter;
  readonly knownOrigins: KnownOrigins;
  /** The setting `ISSUER`, or null: the origin that a request came to. */
  readonly issuerUrl: string | null;
  /** The setting `PATH_PREFIX`: the metadata names the first, all work. */
  readonly pathPrefixes: readonly string[];
  /** Null: no client can have JWTs. */
  readonly signingKeys: SigningKeys | null;
  readonly health: HealthChecks;
  readonly management: ManagementTools;
  /** Whether it answers by HTTP. */
  readonly hasManagementApi: boolean;
}

/** What a deployment may have besides, for whoever watches it; see docs/observability.md. */
interface WatchingBindings {
  readonly AUDIT_EVENTS?: AuditQueue;
  readonly METRICS?: Metrics;
}

/** Bytes of a request id: what Cloudflare's own has. */
const REQUEST_ID_BYTES = 8;

const clock = (): number => Date.now();

const wait = (ms: number, signal?: AbortSignal): Promise<void> =>
  scheduler.wait(ms, signal && { signal });

const defer = (work: Promise<unknown>): void => {
  waitUntil(work.catch((error) => logFailure("deferred_failed", error)));
};

/**
 * Composes the service over one set of bindings.
 *
 * @throws ConfigError when a setting is missing or odd
 */
async function createDeps(env: Env): Promise<Deps> {
  const config = parseConfig(env);
  requireBindings(env);
  const random = secureRandom;
  const deriveLong = createForeignDerivation(env.FOREIGN_PASSWORDS);
  const createQueue = () =>
    createHashingQueue({ hashesMax: config.hashesInFlightMax, clock, wait });
  const tokenKey = sealingKeyOf(config);
  const [mintTools, digestOrigin, passwordKinds, limits] = await Promise.all([
    deriveMintTools(config).catch(asConfigError),
    deriveDigestOrigin(tokenKey),
    createPasswordKinds({ ...config, random, deriveLong, createQueue }),
    createLimits(config, tokenKey, env),
  ]);
  const accounts = createAccountStore(env.DB, config.usernames);
  const acceptsImportedTokens = config.importedTokens === "on";
  const hasManagement = config.managementApi === "on";
  const issuer = createIssuer({
    accessTokens: createAccessTokenStore(env.ACCESS_TOKENS),
    families: createFamilyStore(env.REFRESH_FAMILIES, clock),
    accounts,
    sessions: createSessionStore(env.DB),
    importedTokens: acceptsImportedTokens ? createImportedTokenStore(env.DB) : null,
    ...mintTools,
    refreshRetry: config.refreshRetry,
    refreshRetryWindowSeconds: config.refreshRetryWindowSeconds,
    digestOrigin,
    accessTokenSeconds: config.lifetimes.accessTokenSeconds,
    random,
    clock,
    defer,
  });
  return {
    accounts,
    ...passwordKinds,
    ...limits,
    knownOrigins: createKnownOrigins((origin) => accounts.isOriginAllowed(origin), clock),
    assertions: createAssertionStore(env.USED_ASSERTIONS),
    legacyLogin: config.legacy && createLegacyLogin(config.legacy),
    verdicts: createVerdictMemory({ random, clock, wait }),
    refreshTokenRing: mintTools.refreshTokenRing,
    scopes: config.scopes.filter((scope) => {
      return !NAMED_SCOPES.includes(scope) && !(hasManagement && scope === ADMIN_SCOPE);
    }),
    clientScopes: hasManagement ? [ADMIN_SCOPE] : [],
    issuerUrl: config.issuer,
    pathPrefixes: config.pathPrefix,
    signingKeys: mintTools.signingKeys,
    health: createHealthChecks(env.DB, env.ACCESS_TOKENS, env.REFRESH_FAMILIES),
    lifetimes: config.lifetimes,
    failedLoginMsMin: config.failedLoginSecondsMin * 1000,
    wait,
    acceptsImportedTokens,
    hasManagementApi: hasManagement,
    management: {
      registry: createRegistry(env.DB, config.usernames, DEADLINE_MS),
      ...passwordKinds,
      passwordLengthMin: config.passwordLengthMin,
      scopes: config.scopes,
      random,
      newUserId: () => randomUuid(random),
      endFamily: issuer.endFamily,
    },
    issuer,
    random,
    clock,
    defer,
  };
}

function sealingKeyOf({ tokenKeys: [first] }: Config): Uint8Array<ArrayBuffer> {
  if (first === undefined) throw new ConfigError("TOKEN_KEYS is missing");
  return first;
}

function asConfigError(error: unknown): never {
  throw error instanceof SigningKeyError ? new ConfigError(error.message) : error;
}

/** What bounds how much may be tried. */
async function createLimits(
  config: Config,
  tokenKey: Uint8Array<ArrayBuffer>,
  env: Env,
): Promise<Pick<Deps, "addressFilter" | "throttle">> {
  if (config.rateLimits === "off") {
    return { addressFilter: NO_ADDRESS_FILTER, throttle: NO_THROTTLE };
  }
  const { userFailures, clientFailures } = config;
  return {
    addressFilter: createAddressFilter(createAddressLimit(env.ADDRESS_RATE_LIMIT), clock),
    throttle: createThrottle({
      counters: createFailureCounters(env.FAILURE_COUNTERS, clock),
      names: await deriveThrottleNames(tokenKey),
      userFailures,
      clientFailures,
      clock,
      defer,
    }),
  };
}

/** A Worker deployed without one would fail at each request in its own way. */
function requireBindings(env: Env): void {
  const bindingNames = Object.keys(BINDINGS) as (keyof typeof BINDINGS)[];
  const missing = bindingNames.filter((name) => env[name] === undefined);
  if (missing.length === 0) return;
  throw new ConfigError(...missing.map((name) => `the binding ${name} is missing`));
}

/** Whether the management API answers. Needs no other setting: off, it answers nothing at all. */
export function hasManagementApi(env: Env): boolean {
  return readSetting(SETTINGS.managementApi, env) === "on";
}

const composed = new WeakMap<Env, Promise<Deps>>();

/** Watches requests over one set of bindings. Needs no setting, so that odd ones are logged too. */
export function observerOf(env: Env): Observer {
  const { AUDIT_EVENTS: auditQueue, METRICS: metrics } = env as Env & WatchingBindings;
  const logsAll = readSetting(SETTINGS.logRequests, env) === "all";
  return createObserver({ clock, defer, auditQueue, metrics, logsAll });
}

/** Where the endpoints are. Needs no other setting: an invalid one is reported by each endpoint. */
export function pathPrefixesOf(env: Env): readonly string[] {
  return readSetting(SETTINGS.pathPrefix, env);
}

/** Makes the id of a request that has none from the platform. */
export function newRequestId(): string {
  return toHex(secureRandom(REQUEST_ID_BYTES));
}

/** {@link createDeps}, once for each `env` that the platform hands over. */
export function depsOf(env: Env): Promise<Deps> {
  const known = composed.get(env);
  if (known !== undefined) return known;
  const deps = createDeps(env);
  composed.set(env, deps);
  return deps;
}
