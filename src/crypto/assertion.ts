import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  importJWK,
  type JWK,
  type JWTPayload,
  jwtVerify,
  type ProtectedHeaderParameters,
} from "jose";
import { dummyKey } from "./dummy-keys.ts";
import { algorithmsOf, type KnownAlgorithm } from "./jwk-check.ts";
import { isStrictJwt } from "./strict-jwt.ts";

/** A verified assertion. Its receiver must reject a second use of the token id. */
export interface Assertion {
  readonly tokenId: string;
  /** When it expires, leeway included. */
  readonly expiresAtMs: number;
}

/** No key of the client verifies the signature. With a newer set of keys one may. */
const UNKNOWN_KEY = "unknown_key";

/** Longest time until an assertion expires, in milliseconds: its `jti` is stored until then. */
const ASSERTION_AGE_MS_MAX = 3_600_000;

/** Allowed clock difference, in seconds, for all dates of an assertion. */
const LEEWAY_SECONDS = 30;

/** Most keys that are tried for one assertion; a client has no more. */
const KEYS_TRIED_MAX = 16;

/** Signature algorithms of assertions: those of our access tokens, and `Ed25519` (RFC 9864). */
export const ASSERTION_ALGORITHMS = [
  "ES256",
  "Ed25519",
  "EdDSA",
  "RS256",
] as const satisfies readonly KnownAlgorithm[];

/** Longest `jti`, in characters. */
const TOKEN_ID_LENGTH_MAX = 256;

/** Valid values of an optional `typ`: a JWT that was signed for another use is rejected. */
const TYPES = ["jwt", "client-authentication+jwt"];

/** Reads the issuer of an assertion, unverified. @returns null if it is missing or malformed */
export function claimedIssuer(assertion: string): string | null {
  if (!isStrictJwt(assertion)) return null;
  try {
    const { iss, sub } = decodeJwt(assertion);
    return typeof iss === "string" && iss !== "" && iss === sub ? iss : null;
  } catch {
    return null;
  }
}

/**
 * Verifies a client's assertion (RFC 7523 §3): signed by a key of the client, only this service as
 * audience, expires within an hour, and a `jti`. A signature is verified in any case, so that the
 * duration does not reveal whether the client has a key.
 *
 * @param audiences the names of this service
 * @returns null if the assertion is invalid with every key
 */
export async function verifyAssertion(
  assertion: string,
  jwks: { readonly keys: readonly JWK[] },
  audiences: readonly string[],
  nowMs: number,
): Promise<Assertion | typeof UNKNOWN_KEY | null> {
  try {
    const header = decodeProtectedHeader(assertion);
    if (!isStrictJwt(assertion) || !isAssertionType(header.typ)) return null;
    const payload = await verifySignature(assertion, header, jwks.keys, nowMs);
    if (payload === null || payload === UNKNOWN_KEY) return payload;
    const { aud, exp = 0, iat = 0, jti } = payload;
    // Another service among the audiences could use the assertion here as the client.
    const named: unknown[] = Array.isArray(aud) ? aud : [aud];
    const isForUs = named.every((one) => typeof one === "string" && audiences.includes(one));
    if (named.length === 0 || !isForUs) return null;
    if (typeof jti !== "string" || jti === "" || jti.length > TOKEN_ID_LENGTH_MAX) return null;
    const leewayMs = LEEWAY_SECONDS * 1000;
    if (exp * 1000 > nowMs + ASSERTION_AGE_MS_MAX + leewayMs) return null;
    if (iat * 1000 > nowMs + leewayMs) return null;
    // Rounded up: jose compares whole seconds, and the jti must not expire earlier.
    return { tokenId: jti, expiresAtMs: (Math.ceil(exp) + LEEWAY_SECONDS) * 1000 };
  } catch {
    return null;
  }
}

/** @returns the claims; null if a key verifies the signature, but its claims are not valid now */
async function verifySignature(
  assertion: string,
  header: ProtectedHeaderParameters,
  keys: readonly JWK[],
  nowMs: number,
): Promise<JWTPayload | typeof UNKNOWN_KEY | null> {
  const algorithm = ASSERTION_ALGORITHMS.find((known) => known === header.alg);
  if (algorithm === undefined) return null;
  const fitting = keysFor(header, algorithm, keys);
  const options = {
    algorithms: [algorithm],
    currentDate: new Date(nowMs),
    clockTolerance: LEEWAY_SECONDS,
    requiredClaims: ["exp", "jti"],
  };
  if (fitting.length === 0) {
    await jwtVerify(assertion, await dummyKey(algorithm), options).catch(() => null);
    return UNKNOWN_KEY;
  }
  for (const jwk of fitting) {
    // Null only for a key that was registered before keys were validated.
    const key = await importJWK(jwk, algorithm).catch(() => null);
    if (key === null) continue;
    try {
      return (await jwtVerify(assertion, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) return null;
    }
  }
  return UNKNOWN_KEY;
}

/**
 * The keys to try: the one that `kid` names, or all of the right kind if `kid` is missing or
 * unknown, since it is a hint (RFC 7515 §4.1.4).
 */
function keysFor(
  { kid }: ProtectedHeaderParameters,
  algorithm: KnownAlgorithm,
  keys: readonly JWK[],
): JWK[] {
  const fitting = keys
    .filter((key) => algorithmsOf(key).includes(algorithm))
    .filter(({ use = "sig" }) => use === "sig")
    .map(({ kty, crv, x, y, n, e, kid: id }) => withoutAbsent({ kty, crv, x, y, n, e, kid: id }))
    .slice(0, KEYS_TRIED_MAX);
  const named = fitting.filter((key) => kid !== undefined && key.kid === kid);
  return named.length > 0 ? named : fitting;
}

function withoutAbsent(jwk: Readonly<Record<string, unknown>>): JWK {
  return Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== undefined)) as JWK;
}

function isAssertionType(typ: unknown): boolean {
  return typ === undefined || (typeof typ === "string" && TYPES.includes(typ.toLowerCase()));
}
