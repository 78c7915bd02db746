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
  jwtVerify,
  SignJWT,
} from "jose";
import { utf8 } from "./bytes.ts";
import { algorithmsOf, problemOfKey } from "./jwk-check.ts";
import { isStrictJwt } from "./strict-jwt.ts";

export type { JWK } from "jose";

/** Signature algorithms of access tokens (RFC 7518 §3.1, RFC 8037); the key decides which. */
export const SIGNING_ALGORITHMS = ["ES256", "EdDSA", "RS256"] as const;

/** One of {@link SIGNING_ALGORITHMS}. */
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** Most keys in one set. */
const KEYS_MAX = 16;

/** Signs JWTs with the first key of a set, and verifies what any of them signed. */
export interface SigningKeys {
  /** The public halves (RFC 7517 §5), those that do not sign yet or no longer included. */
  readonly publicJwks: { readonly keys: readonly JWK[] };
  /** @param type the `typ` header, such as `at+jwt` */
  sign(claims: JWTPayload, type: string): Promise<string>;
  /**
   * Verifies signature, type and times; `alg` is the key's own and never the token's choice.
   *
   * @returns null for anything that {@link SigningKeys.sign} did not write or that has expired
   */
  verify(token: string, type: string, nowMs: number): Promise<JWTPayload | null>;
}

interface KeyPair {
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly publicJwk: JWK;
}

/**
 * Reads a JWK set of private keys (RFC 7517 §5), as its secret has it.
 *
 * @returns the keys, or a sentence that says what is wrong and quotes no key
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

/** Names a private key of a set: its id, which tokens carry as `kid`, and how it signs. */
export async function describeSigningKey(
  jwk: JWK,
): Promise<{ readonly id: string; readonly algorithm: SigningAlgorithm }> {
  const algorithm = algorithmOf(jwk);
  if (algorithm === null) throw new TypeError("not a signing key");
  return { id: (await publicHalf(jwk, algorithm)).kid ?? "", algorithm };
}

/** Makes a private key for a JWK set, whose id can be typed: none begins like an option. */
export async function generateSigningKey(algorithm: SigningAlgorithm): Promise<JWK> {
  for (;;) {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const key = await exportJWK(privateKey);
    if (!(await calculateJwkThumbprint(key)).startsWith("-")) return key;
  }
}

/**
 * Imports a set of private keys; the first signs. Each signs once here and its public half
 * verifies, so that a key whose halves do not belong together is found before a token needs it.
 *
 * @param jwks as {@link parseJwkSet} returns them
 * @returns the keys, or a sentence that says which key cannot sign and quotes none
 */
export async function importSigningKeys(jwks: readonly JWK[]): Promise<SigningKeys | string> {
  const pairs: KeyPair[] = [];
  for (const [index, jwk] of jwks.entries()) {
    const pair = await importPair(jwk).catch(() => null);
    if (pair === null || !(await canSign(pair))) {
      return `key ${index + 1} cannot sign: its members do not belong together`;
    }
    pairs.push(pair);
  }
  const [signing] = pairs;
  if (signing === undefined) return "not a JWK set with a key";
  return {
    publicJwks: { keys: pairs.map(({ publicJwk }) => publicJwk) },

    sign(claims, type) {
      const header = { alg: signing.algorithm, typ: type, kid: signing.id };
      return new SignJWT(claims).setProtectedHeader(header).sign(signing.privateKey);
    },

    async verify(token, type, nowMs) {
      if (!isStrictJwt(token)) return null;
      try {
        const { kid } = decodeProtectedHeader(token);
        const pair = pairs.find(({ id }) => id === kid);
        if (pair === undefined) return null;
        const { payload } = await jwtVerify(token, pair.publicKey, {
          algorithms: [pair.algorithm],
          typ: type,
          currentDate: new Date(nowMs),
          requiredClaims: ["exp", "iat", "jti", "sub"],
        });
        return payload;
      } catch {
        return null;
      }
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

/** Named member by member: a private member must not slip through. The id is derived (RFC 7638). */
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
