import { waitUntil } from "cloudflare:workers";
import type { ClaimTools } from "./client-auth/claim.ts";
import { createVerdictMemory } from "./client-auth/verdict-memory.ts";
import { ConfigError, parseConfig } from "./config.ts";
import { deriveKeyRing } from "./crypto/key-ring.ts";
import { createPasswordKinds } from "./crypto/passwords.ts";
import { secureRandom } from "./crypto/random.ts";
import type { GrantTools } from "./grants/grant.ts";
import { createIssuer, type Issuer } from "./issuer/index.ts";
import { createAccessTokenStore } from "./storage/access-tokens.ts";
import { createAccountStore } from "./storage/accounts.ts";
import { createFamilyStore } from "./storage/families.ts";
import { ACCESS_TOKEN_PURPOSE } from "./tokens/access-token.ts";
import { REFRESH_TOKEN_PURPOSE } from "./tokens/refresh-token.ts";

/** Everything that an endpoint works with, put together once for an isolate. */
export interface Deps extends GrantTools, ClaimTools {
  readonly issuer: Issuer;
}

const clock = (): number => Date.now();

/**
 * Composes the service over one set of bindings.
 *
 * @throws ConfigError when a setting is missing or odd
 */
export async function createDeps(env: Env): Promise<Deps> {
  const config = parseConfig({ ...env });
  requireBindings(env);
  const random = secureRandom;
  const [accessTokenRing, refreshTokenRing, passwordKinds] = await Promise.all([
    deriveKeyRing(config.tokenKeys, ACCESS_TOKEN_PURPOSE),
    deriveKeyRing(config.tokenKeys, REFRESH_TOKEN_PURPOSE),
    createPasswordKinds({ ...config, random }),
  ]);
  const accounts = createAccountStore(env.DB);
  const defer = (work: Promise<unknown>) => {
    waitUntil(work.catch((error) => console.error("deferred work failed", error)));
  };
  return {
    accounts,
    ...passwordKinds,
    verdicts: createVerdictMemory(random),
    refreshTokenRing,
    scopes: config.scopes,
    lifetimes: config.lifetimes,
    issuer: createIssuer({
      accessTokens: createAccessTokenStore(env.ACCESS_TOKENS),
      families: createFamilyStore(env.REFRESH_FAMILIES),
      accounts,
      accessTokenRing,
      refreshTokenRing,
      refreshRetry: config.refreshRetry,
      refreshRetryWindowSeconds: config.refreshRetryWindowSeconds,
      random,
      clock,
      defer,
    }),
    random,
    clock,
    defer,
  };
}

/** A Worker deployed without one would fail at each request in its own way. */
function requireBindings(env: Env): void {
  for (const name of ["ACCESS_TOKENS", "DB", "REFRESH_FAMILIES"] as const) {
    if (env[name] === undefined) throw new ConfigError(`the binding ${name} is missing`);
  }
}

const composed = new WeakMap<Env, Promise<Deps>>();

/** {@link createDeps}, once for each `env` that the platform hands over. */
export function depsOf(env: Env): Promise<Deps> {
  const known = composed.get(env);
  if (known !== undefined) return known;
  const deps = createDeps(env);
  composed.set(env, deps);
  return deps;
}
