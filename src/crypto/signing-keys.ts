import {
  CompactSign,
  calculateJwkThumbprint,
  compactVerify,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
  SignJWT,
} from "jose";
import { utf8 } from "./bytes.ts";
import { algorithmsOf, problemOfKey } from "./jwk-check.ts";
import { isStrictJwt } from "./strict-jwt.ts";

export type { JWK } from "jose";

/** Signature algorithms of access tokens (RFC 7518 §3.1, RFC 8037); the key determines which. */
export const SIGNING_ALGORITHMS = ["ES256", "EdDSA", "RS256"] as const;

/** One of {@link SIGNING_ALGORITHMS}. */
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** The algorithm of ID tokens by default (OIDC Core §15.1). Without a key for it there are none. */
export const ID_TOKEN_ALGORITHM: SigningAlgorithm = "RS256";

/** Most keys in one set. */
const KEYS_MAX = 16;

/** Signs JWTs with the keys of a set, and verifies those of any key. */
export interface SigningKeys {
  /** The public keys (RFC 7517 §5), including those that do not sign yet or any more. */
  readonly publicJwks: { readonly keys: readonly JWK[] };
  /** The algorithms that it can sign with. */
  readonly algorithms: ReadonlySet<SigningAlgorithm>;
  /**
   * Signs with the first key of the set, or the first one of an algorithm.
   *
   * @param type the `typ` header, such as `at+jwt`
   * @param algorithm one of {@link SigningKeys.algorithms}
   */
  sign(claims: JWTPayload, type: string, algorithm?: SigningAlgorithm): Promise<string>;
  /**
   * Verifies signature, type and times. The key determines `alg`, never the token.
   *
   * @returns null for anything that {@link SigningKeys.sign} did not make, and for an expired token
   */
  verify(token: string, type: string, nowMs: number): Promise<JWTPayload | null>;
  /** As {@link SigningKeys.verify}, for a token that may have expired: times are not checked. */
  verifySignature(token: string, type: string): Promise<JWTPayload | null>;
}

interface KeyPair {
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly publicJwk: JWK;
}

/**
 * Reads the value of the secret: a JWK set of private keys (RFC 7517 §5).
 *
 * @returns the keys, or a problem that contains no key
 */
export function parseJwkSet(text: string): readonly JWK[] | string {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    return "not valid JSON";
  }
  const keys = (set as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys) || keys.length === 0) return "not a JWK set with a key";
  if (keys.length > KEYS_MAX) return `more than ${KEYS_MAX} keys`;
  const problems = keys.map((key) => problemOfKey(key, "sign"));
  const index = problems.findIndex((problem) => problem !== null);
  return index === -1 ? keys : `key ${index + 1} ${problems[index]}`;
}

/** The id of a private key, which is the `kid` of its tokens, and its algorithm. */
export async function describeSigningKey(
  jwk: JWK,
): Promise<{ readonly id: string; readonly algorithm: SigningAlgorithm }> {
  const algorithm = algorithmOf(jwk);
  if (algorithm === null) throw new TypeError("not a signing key");
  return { id: (await publicHalf(jwk, algorithm)).kid ?? "", algorithm };
}

/** Generates a private key. Its id does not start with `-`, so that it can be an argument. */
export async function generateSigningKey(algorithm: SigningAlgorithm): Promise<JWK> {
  for (;;) {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const key = await exportJWK(privateKey);
    if (!(await calculateJwkThumbprint(key)).startsWith("-")) return key;
  }
}

/**
 * Imports a set of private keys; the first signs. Each key is tested with a signature, so that one
 * whose private and public members do not match is found before a token needs it.
 *
 * @example
 * const keys = await importSigningKeys(jwks);
 * const token = await keys.sign(claims, "at+jwt");
 *
 * @param jwks from {@link parseJwkSet}
 * @returns the keys, or a problem that contains no key
 */
export async function importSigningKeys(jwks: readonly JWK[]): Promise<SigningKeys | string> {
  const pairs: KeyPair[] = [];
  for (const [index, jwk] of jwks.entries()) {
    const pair = await importPair(jwk).catch(() => null);
    if (pair === null || !(await canSign(pair))) {
      return `key ${index + 1} cannot sign: its private and public members do not match`;
    }
    pairs.push(pair);
  }
  const [first] = pairs;
  if (first === undefined) return "not a JWK set with a key";

  const verify = async (token: string, options: JWTVerifyOptions): Promise<JWTPayload | null> => {
    if (!isStrictJwt(token)) return null;
    try {
      const { kid } = decodeProtectedHeader(token);
      const pair = pairs.find(({ id }) => id === kid);
      if (pair === undefined) return null;
      const algorithms = [pair.algorithm];
      return (await jwtVerify(token, pair.publicKey, { algorithms, ...options })).payload;
    } catch {
      return null;
    }
  };

  return {
    publicJwks: { keys: pairs.map(({ publicJwk }) => publicJwk) },
    algorithms: new Set(pairs.map(({ algorithm }) => algorithm)),

    async sign(claims, type, algorithm = first.algorithm) {
      const pair = pairs.find((each) => each.algorithm === algorithm);
      if (pair === undefined) throw new TypeError(`no signing key for ${algorithm}`);
      const header = { alg: pair.algorithm, typ: type, kid: pair.id };
      return new SignJWT(claims).setProtectedHeader(header).sign(pair.privateKey);
    },

    verify(token, type, nowMs) {
      const requiredClaims = ["exp", "iat", "jti", "sub"];
      return verify(token, { typ: type, currentDate: new Date(nowMs), requiredClaims });
    },

    verifySignature(token, type) {
      // Before any `exp`. These tokens have no `nbf`.
      return verify(token, { typ: type, currentDate: new Date(0) });
    },
  };
}

async function importPair(jwk: JWK): Promise<KeyPair> {
  const algorithm = algorithmOf(jwk);
  if (algorithm === null) throw new TypeError("not a signing key");
  const publicJwk = await publicHalf(jwk, algorithm);
  const [privateKey, publicKey] = await Promise.all([
    importJWK(pick(jwk, [...PUBLIC_MEMBERS, ...PRIVATE_MEMBERS]), algorithm) as Promise<CryptoKey>,
    importJWK(publicJwk, algorithm) as Promise<CryptoKey>,
  ]);
  return { id: publicJwk.kid ?? "", algorithm, privateKey, publicKey, publicJwk };
}

async function canSign({ algorithm, privateKey, publicKey }: KeyPair): Promise<boolean> {
  try {
    const probe = new CompactSign(utf8("probe")).setProtectedHeader({ alg: algorithm });
    await compactVerify(await probe.sign(privateKey), publicKey);
    return true;
  } catch {
    return false;
  }
}

const PUBLIC_MEMBERS = ["kty", "crv", "x", "y", "n", "e"];
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi"];

/** Lists public members, so that no private one is included. The id is derived (RFC 7638). */
async function publicHalf(jwk: JWK, algorithm: SigningAlgorithm): Promise<JWK> {
  const key = pick(jwk, PUBLIC_MEMBERS);
  return { ...key, kid: await calculateJwkThumbprint(key), alg: algorithm, use: "sig" };
}

function pick(jwk: JWK, names: readonly string[]): JWK {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => names.includes(name))) as JWK;
}

function algorithmOf(jwk: JWK | null): SigningAlgorithm | null {
  const algorithms: readonly string[] = algorithmsOf(jwk);
  return SIGNING_ALGORITHMS.find((algorithm) => algorithms.includes(algorithm)) ?? null;
}
