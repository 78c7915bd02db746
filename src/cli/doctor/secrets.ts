import { parseRingKeys, ringKeyId } from "../../crypto/key-ring.ts";
import { ID_TOKEN_ALGORITHM, importSigningKeys, parseJwkSet } from "../../crypto/signing-keys.ts";
import { findWorker } from "../deploy/worker.ts";
import type { RunWrangler } from "../wrangler.ts";
import { type Check, failed, ok, warning } from "./check.ts";

/** Minimum of distinct bytes in a random 32-byte key; fewer have a chance of one in billions. */
const DIFFERENT_BYTES_MIN = 20;

const START = "run npm start, which creates it in .dev.vars";
const NO_SIGNING_KEYS = "SIGNING_KEYS is not set: there are no JWTs and no OpenID Connect";

/** Checks that the local secrets are valid keys. Shows key ids, which are public, never keys. */
export async function checkLocalSecrets({
  TOKEN_KEYS,
  SIGNING_KEYS,
  PASSWORD_PEPPER,
}: Readonly<Record<string, string | undefined>>): Promise<Check[]> {
  return [
    TOKEN_KEYS ? await checkRing("TOKEN_KEYS", TOKEN_KEYS) : failed("TOKEN_KEYS", "missing", START),
    SIGNING_KEYS
      ? await checkSigningKeys(SIGNING_KEYS)
      : warning("SIGNING_KEYS", NO_SIGNING_KEYS, START),
    ...(PASSWORD_PEPPER ? [await checkRing("PASSWORD_PEPPER", PASSWORD_PEPPER)] : []),
  ];
}

/**
 * Checks that the deployed Worker has its secrets. Their values cannot be read, but a Worker that
 * responds has parsed them.
 */
export async function checkRemoteSecrets(
  required: readonly string[],
  environment: string,
  wrangler: RunWrangler,
): Promise<Check[]> {
  const worker = await findWorker(environment, wrangler);
  if (worker === null) return [failed("secrets", "the Worker does not exist", "npm run deploy")];
  const missing = required.filter((name) => !worker.secretNames.includes(name));
  if (missing.length > 0) {
    const fix = `npx wrangler secret put NAME --env "${environment}"`;
    return [failed("secrets", `missing in the Worker: ${missing.join(", ")}`, fix)];
  }
  const found = ok("secrets", worker.secretNames.join(", "));
  if (worker.secretNames.includes("SIGNING_KEYS")) return [found];
  return [
    found,
    warning("SIGNING_KEYS", NO_SIGNING_KEYS, "see docs/operations.md for how to create one"),
  ];
}

async function checkRing(name: string, text: string): Promise<Check> {
  const keys = parseRingKeys(text);
  if (typeof keys === "string")
    return failed(name, keys, "generate each key with openssl rand -hex 32");
  const ids = await Promise.all(keys.map(ringKeyId));
  const weak = keys.findIndex(isWeak);
  if (weak !== -1) {
    const fix = "replace it; generate a key with openssl rand -hex 32";
    return failed(name, `key ${weak + 1} (${ids[weak]}) does not look random`, fix);
  }
  const [sealing, ...others] = ids;
  return ok(name, `${sealing} seals${others.length > 0 ? `; ${others.join(", ")} open too` : ""}`);
}

async function checkSigningKeys(text: string): Promise<Check> {
  const jwks = parseJwkSet(text);
  const fix = "replace the key: npm run cli -- key add --signing; see docs/operations.md";
  if (typeof jwks === "string") return failed("SIGNING_KEYS", jwks, fix);
  const keys = await importSigningKeys(jwks);
  if (typeof keys === "string") return failed("SIGNING_KEYS", keys, fix);
  const ids = keys.publicJwks.keys.map(({ kid, alg }) => `${kid} (${alg})`);
  if (new Set(ids).size < ids.length) return failed("SIGNING_KEYS", "duplicate key", fix);
  if (!keys.algorithms.has(ID_TOKEN_ALGORITHM)) {
    const problem = `no ${ID_TOKEN_ALGORITHM} key: there is no OpenID Connect`;
    const add = `npm run cli -- key add --signing --algorithm ${ID_TOKEN_ALGORITHM}`;
    return warning("SIGNING_KEYS", problem, add);
  }
  return ok("SIGNING_KEYS", `${ids.join(", ")}; the first signs access tokens`);
}

/** Whether a key repeats many bytes or counts up, which a random key practically never does. */
function isWeak(key: Uint8Array): boolean {
  const steps = key.map((byte, index) => byte - (key[index - 1] ?? 0)).slice(1);
  return new Set(key).size < DIFFERENT_BYTES_MIN || new Set(steps).size === 1;
}
