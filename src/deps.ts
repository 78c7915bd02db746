import type { AdminDeps } from "./admin/deps.ts";
import { type BrowserDeps, composeBrowser } from "./browser-deps.ts";
import type { ClientAuthDeps } from "./client-auth/authenticator.ts";
import { createSecretCache } from "./client-auth/secret-cache.ts";
import type { ClientPolicy } from "./clients/policy.ts";
import { BINDINGS, type Config, parseConfig } from "./config/index.ts";
import { policyOf } from "./config/policy.ts";
import { randomUuid, secureRandom } from "./crypto/bytes.ts";
import { deriveKeyRing, type KeyRing } from "./crypto/key-ring.ts";
import { createHashingQueue } from "./crypto/password-hash.ts";
import { createPasswordKinds, type PasswordKinds } from "./crypto/passwords.ts";
import { ID_TOKEN_ALGORITHM, type SigningKeys } from "./crypto/signing-keys.ts";
import { clock, defer, oncePerEnv } from "./early-deps.ts";
import { ConfigError } from "./errors/refusal.ts";
import type { GrantDeps } from "./grants/grant.ts";
import { DEADLINE_MS } from "./isolate.ts";
import type { IntrospectDeps } from "./issuer/introspect.ts";
import { deriveMintDeps, deriveOriginKey, SigningKeyError } from "./issuer/keys.ts";
import type { IssueDeps, MintDeps } from "./issuer/mint.ts";
import { endFamily, type RevokeDeps } from "./issuer/revoke.ts";
import { composeClientDocuments, requireOtherLegacyEndpoint } from "./outbound-deps.ts";
import type { AddressFilter } from "./rate-limit/address-filter.ts";
import { type AllowedOrigins, createAllowedOrigins } from "./rate-limit/allowed-origins.ts";
import { createLimits } from "./rate-limit/index.ts";
import type { RateLimiter } from "./rate-limit/rate-limiter.ts";
import { createAccessTokenStore } from "./storage/access-tokens.ts";
import { createClientStore } from "./storage/clients.ts";
import { createFamilyStore } from "./storage/families.ts";
import { createHealthChecks, type HealthChecks } from "./storage/health.ts";
import { createImportedTokenStore } from "./storage/imported-tokens.ts";
import {
  createLogoutDeliveryStore,
  type LogoutDeliveryStore,
} from "./storage/logout-deliveries.ts";
import { createLogoutSenders, type LogoutSenders } from "./storage/logout-senders.ts";
import { createLongHashDerivation } from "./storage/long-hash.ts";
import { createLookups, type LookupDeps } from "./storage/lookups.ts";
import { createRegistry } from "./storage/registry.ts";
import { createRevokedTokenStore } from "./storage/revoked-tokens.ts";
import type { AnnounceEnd } from "./storage/session-clients.ts";
import { createSessionStore } from "./storage/sessions.ts";
import { createSingleUseStore } from "./storage/single-use.ts";
import { createUserStore } from "./storage/users.ts";
import { CODE_PURPOSE } from "./tokens/authorization-code.ts";
import { composeUnregistered, type UnregisteredDeps } from "./unregistered-deps.ts";
import { createLegacyLogin } from "./users/legacy-endpoint.ts";

/** What the functions of the issuer need. */
type IssuerDeps = IssueDeps & IntrospectDeps & RevokeDeps;

/** Everything that endpoints need, composed once for an isolate. */
export interface Deps {
  readonly lookups: LookupDeps;
  readonly clientAuth: ClientAuthDeps;
  readonly grants: GrantDeps;
  readonly browser: BrowserDeps;
  readonly unregistered: UnregisteredDeps;
  readonly policy: ClientPolicy;
  readonly issuer: IssuerDeps;
  readonly addressFilter: AddressFilter;
  readonly allowedOrigins: AllowedOrigins;
  /** The setting `PATH_PREFIX`. The metadata names the first; all work. */
  readonly pathPrefixes: readonly string[];
  /** Null: no client can have JWTs. */
  readonly signingKeys: SigningKeys | null;
  readonly health: HealthChecks;
  readonly logoutDeliveries: LogoutDeliveryStore;
  /** Null: the deployment has no binding for them, and no back-channel logout. */
  readonly logoutSenders: LogoutSenders | null;
  readonly management: AdminDeps;
  /** Whether the management API is available over HTTP. */
  readonly hasManagementApi: boolean;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

const random = secureRandom;

const wait = (ms: number, signal?: AbortSignal): Promise<void> =>
  scheduler.wait(ms, signal && { signal });

/**
 * Composes the service from its bindings.
 *
 * @throws ConfigError when a setting or binding is missing or invalid
 */
async function createDeps(env: Env): Promise<Deps> {
  const config = parseConfig(env);
  requireBindings(env);
  requireOtherLegacyEndpoint(config);
  const tokenKey = requireSealingKey(config);
  const deriveLong = createLongHashDerivation(env.FOREIGN_PASSWORDS);
  const { hashesInFlightMax: hashesMax } = config;
  const logoutSenders = composeLogoutSenders(env);
  const announce: AnnounceEnd = (clientIds) => {
    if (clientIds.length > 0 && logoutSenders !== null) defer(logoutSenders.wake(clientIds));
  };
  const createQueue = () => createHashingQueue({ hashesMax, clock, wait });
  const documents = composeClientDocuments(config, env, { clock, wait, defer });
  const [mintDeps, originKey, passwordKinds, limits, codeRing, browser, unregistered] =
    await Promise.all([
      deriveMintDeps(config).catch(asConfigError),
      deriveOriginKey(tokenKey),
      createPasswordKinds({ ...config, random, deriveLong, createQueue }),
      createLimits({ ...config, env, tokenKey, clock, defer }),
      deriveKeyRing(config.tokenKeys, CODE_PURPOSE),
      composeBrowser(config, env, random, announce),
      composeUnregistered(config, documents),
    ]);
  const { addressFilter, rateLimiter } = limits;
  const parts = { config, env, mintDeps, codeRing, rateLimiter, ...passwordKinds };
  const lookups = { db: env.DB, usernames: config.usernames, denied: unregistered.denied };
  const issuer = composeIssuer(parts, originKey);
  return {
    lookups,
    clientAuth: composeClientAuth(parts),
    grants: composeGrants(parts),
    browser,
    unregistered,
    policy: policyOf(config, {
      hasManagementApi: config.managementApi === "on",
      registersByToken: config.registration === "token",
      hasOpenId: mintDeps.signingKeys?.algorithms.has(ID_TOKEN_ALGORITHM) === true,
      hasLogoutSenders: logoutSenders !== null,
    }),
    issuer,
    addressFilter,
    allowedOrigins: createAllowedOrigins(
      (origin) => createLookups(lookups).isOriginAllowed(origin),
      clock,
    ),
    pathPrefixes: config.pathPrefix,
    signingKeys: mintDeps.signingKeys,
    health: createHealthChecks(env.DB, env.ACCESS_TOKENS, env.REFRESH_FAMILIES),
    logoutDeliveries: createLogoutDeliveryStore(env.DB),
    logoutSenders,
    hasManagementApi: config.managementApi === "on",
    management: {
      registry: createRegistry(env.DB, config.usernames, DEADLINE_MS, undefined, announce),
      ...passwordKinds,
      passwordLengthMin: config.passwordLengthMin,
      scopes: config.scopes,
      resources: config.resources,
      random,
      newUserId: () => randomUuid(random),
      endFamily: (id, clientId) => endFamily(id, clientId, "management", issuer),
    },
    clock,
  };
}

/** An upgrade may keep a `wrangler.toml` of before there was the binding. */
function composeLogoutSenders({ LOGOUT_SENDERS: objects }: Partial<Env>): LogoutSenders | null {
  return objects === undefined ? null : createLogoutSenders(objects);
}

/** What several parts of the service share. */
interface Parts extends PasswordKinds {
  readonly config: Config;
  readonly env: Env;
  readonly mintDeps: MintDeps;
  readonly codeRing: KeyRing;
  readonly rateLimiter: RateLimiter;
}

function composeIssuer({ config, env, mintDeps }: Parts, originKey: CryptoKey): IssuerDeps {
  const acceptsImportedTokens = config.importedTokens === "on";
  return {
    accessTokens: createAccessTokenStore(env.ACCESS_TOKENS),
    families: createFamilyStore(env.REFRESH_FAMILIES, clock),
    sessions: createSessionStore(env.DB),
    revokedTokens: createRevokedTokenStore(env.DB),
    importedTokens: acceptsImportedTokens ? createImportedTokenStore(env.DB) : null,
    acceptsImportedTokens,
    ...mintDeps,
    refreshRetry: config.refreshRetry,
    refreshRetryWindowSeconds: config.refreshRetryWindowSeconds,
    originKey,
    accessTokenSeconds: config.lifetimes.accessTokenSeconds,
    random,
    clock,
    wait,
    defer,
  };
}

function composeClientAuth({ env, clientSecrets, rateLimiter }: Parts): ClientAuthDeps {
  return {
    clients: createClientStore(env.DB),
    clientSecrets,
    rateLimiter,
    secretCache: createSecretCache({ random, clock, wait }),
    singleUse: createSingleUseStore(env.USED_ASSERTIONS),
    clock,
    defer,
  };
}

function composeGrants({
  config,
  env,
  mintDeps,
  codeRing,
  userPasswords,
  rateLimiter,
}: Parts): GrantDeps {
  return {
    signIn: {
      users: createUserStore(env.DB, config.usernames),
      userPasswords,
      rateLimiter,
      legacyLogin: config.legacy && createLegacyLogin(config.legacy),
      failedLoginMsMin: config.failedLoginSecondsMin * 1000,
      wait,
      random,
      defer,
    },
    refreshTokenRing: mintDeps.refreshTokenRing,
    codeRing,
    random,
    acceptsImportedTokens: config.importedTokens === "on",
  };
}

function requireSealingKey({ tokenKeys: [first] }: Config): Uint8Array<ArrayBuffer> {
  if (first === undefined) throw new ConfigError("TOKEN_KEYS is missing");
  return first;
}

function asConfigError(error: unknown): never {
  throw error instanceof SigningKeyError ? new ConfigError(error.message) : error;
}

/** Without this check, each request would fail in its own way when a binding is missing. */
function requireBindings(env: Env): void {
  const bindingNames = Object.keys(BINDINGS) as (keyof typeof BINDINGS)[];
  const missing = bindingNames.filter((name) => env[name] === undefined);
  if (missing.length === 0) return;
  throw new ConfigError(...missing.map((name) => `the binding ${name} is missing`));
}

/** Returns the {@link Deps} of an `env`, which are composed once. @throws ConfigError */
export const getDeps = oncePerEnv(createDeps);
