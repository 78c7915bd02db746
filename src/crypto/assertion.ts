import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JWK,
  type JWTHeaderParameters,
  jwtVerify,
} from "jose";
import { decoyKey } from "./decoy-keys.ts";
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from "./signing-keys.ts";
import { isStrictJwt } from "./strict-jwt.ts";

/** What a verified assertion says that its receiver has to act on. */
export interface Assertion {
  readonly tokenId: string;
  readonly expiresAtMs: number;
}

/** How far ahead an assertion may expire, in milliseconds: its `jti` is remembered so long. */
const ASSERTION_AGE_MS_MAX = 3_600_000;

/** How far the client's clock may be ahead of ours, in milliseconds. */
const CLOCK_SKEW_MS = 30_000;

/** Longest `jti` that is remembered, in characters. */
const TOKEN_ID_LENGTH_MAX = 256;

/** What `typ` may say, if anything: a JWT that was signed for another use is no assertion. */
const TYPES = ["jwt", "client-authentication+jwt"];

/** Reads who an assertion says it is from, unverified. @returns null when it says nothing usable */
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
 * Verifies a JWT that a client wrote to authenticate (RFC 7523 §3): its own key, this service as
 * the one audience, a life of at most an hour, and a `jti`. One signature is verified in any case,
 * so that time does not tell whether there is a key for it.
 *
 * @param audiences the issuer identifier and the token endpoints of this service; it is for one
 * @returns null for anything else
 */
export async function verifyAssertion(
  assertion: string,
  jwks: { readonly keys: readonly JWK[] },
  audiences: readonly string[],
  nowMs: number,
): Promise<Assertion | null> {
  try {
    const { typ } = decodeProtectedHeader(assertion);
    if (!isStrictJwt(assertion) || !isAssertionType(typ)) return null;
    const keys = createLocalJWKSet({ keys: [...jwks.keys] });
    let isDecoy = false;
    const keyOf = (header: JWTHeaderParameters) => {
      const decoy = () => {
        isDecoy = true;
        return decoyKey(header.alg as SigningAlgorithm);
      };
      // jose has refused any other algorithm by now. A search that fails takes longer than one
      // that finds a key: none is made in vain.
      return hasKeyFor(header, jwks.keys) ? keys(header).catch(decoy) : decoy();
    };
    const { payload } = await jwtVerify(assertion, keyOf, {
      algorithms: [...SIGNING_ALGORITHMS],
      currentDate: new Date(nowMs),
      clockTolerance: 0,
      requiredClaims: ["exp", "jti"],
    });
    if (isDecoy) return null;
    const { aud, exp, iat, jti } = payload;
    const [only, ...others] = Array.isArray(aud) ? aud : [aud];
    if (!audiences.includes(only ?? "") || others.length > 0) return null;
    if (typeof jti !== "string" || jti === "" || jti.length > TOKEN_ID_LENGTH_MAX) return null;
    const expiresAtMs = (exp ?? 0) * 1000;
    if (expiresAtMs > nowMs + ASSERTION_AGE_MS_MAX) return null;
    if ((iat ?? 0) * 1000 > nowMs + CLOCK_SKEW_MS) return null;
    return { tokenId: jti, expiresAtMs };
  } catch {
    return null;
  }
}

function hasKeyFor({ kid }: JWTHeaderParameters, keys: readonly JWK[]): boolean {
  return kid === undefined ? keys.length > 0 : keys.some((key) => key.kid === kid);
}

function isAssertionType(typ: unknown): boolean {
  return typ === undefined || (typeof typ === "string" && TYPES.includes(typ.toLowerCase()));
}
