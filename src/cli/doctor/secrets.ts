import { parseRingKeys, ringKeyId } from "../../crypto/key-ring.ts";
import { importSigningKeys, parseJwkSet } from "../../crypto/signing-keys.ts";
import { findWorker } from "../deploy/worker.ts";
import type { RunWrangler } from "../wrangler.ts";
import { type Check, failed, ok, warning } from "./check.ts";

/** Fewest different values among the 32 bytes of a random key; below, chance is one in billions. */
const DIFFERENT_BYTES_MIN = 20;

const START = "npm start makes it, in .dev.vars";
const NO_SIGNING_KEYS = "no SIGNING_KEYS: no client can have JWTs";

/** The local secrets are there and are keys. Says ids, which tokens say too, and never a key. */
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
 * The deployed Worker has its secrets. What they hold nobody can read; a Worker that answers has
 * parsed them.
 */
export async function checkRemoteSecrets(
  required: readonly string[],
  environment: string,
  wrangler: RunWrangler,
): Promise<Check[]> {
  const worker = await findWorker(environment, wrangler);
  if (worker === null) return [failed("secrets", "there is no such Worker", "npm run deploy")];
  const missing = required.filter((name) => !worker.secretNames.includes(name));
  if (missing.length > 0) {
    const cure = `npx wrangler secret put NAME --env "${environment}"`;
    return [failed("secrets", `the Worker lacks ${missing.join(", ")}`, cure)];
  }
  const found = ok("secrets", worker.secretNames.join(", "));
  if (worker.secretNames.includes("SIGNING_KEYS")) return [found];
  return [
    found,
    warning("SIGNING_KEYS", NO_SIGNING_KEYS, "docs/operations.md says how to make one"),
  ];
}

async function checkRing(name: string, text: string): Promise<Check> {
  const keys = parseRingKeys(text);
  if (typeof keys === "string") return failed(name, keys, "make each key by openssl rand -hex 32");
  const ids = await Promise.all(keys.map(ringKeyId));
  const weak = keys.findIndex(isWeak);
  if (weak !== -1) {
    const cure = "make it anew by openssl rand -hex 32";
    return failed(name, `key ${weak + 1} (${ids[weak]}) does not look random`, cure);
  }
  const [sealing, ...others] = ids;
  return ok(name, `${sealing} seals${others.length > 0 ? `; ${others.join(", ")} open too` : ""}`);
}

async function checkSigningKeys(text: string): Promise<Check> {
  const jwks = parseJwkSet(text);
  const cure = "replace the key: npm run cli -- key add SIGNING_KEYS; see docs/operations.md";
  if (typeof jwks === "string") return failed("SIGNING_KEYS", jwks, cure);
  const keys = await importSigningKeys(jwks);
  if (typeof keys === "string") return failed("SIGNING_KEYS", keys, cure);
  const ids = keys.publicJwks.keys.map(({ kid, alg }) => `${kid} (${alg})`);
  if (new Set(ids).size < ids.length) return failed("SIGNING_KEYS", "a key stands twice", cure);
  return ok("SIGNING_KEYS", `${ids.join(", ")}; the first signs`);
}

/** No random key, for all practical purposes, repeats so many bytes or counts up. */
function isWeak(key: Uint8Array): boolean {
  const steps = key.map((byte, index) => byte - (key[index - 1] ?? 0)).slice(1);
  return new Set(key).size < DIFFERENT_BYTES_MIN || new Set(steps).size === 1;
}
