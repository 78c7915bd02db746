import { sha256, sha512, toBase64Url } from "../crypto/bytes.ts";
import type { SigningAlgorithm } from "../crypto/signing-keys.ts";
import type { Claims } from "../protocol/claims.ts";

/** The `typ` of an ID token. An access token has another, so that neither passes for the other. */
export const ID_TOKEN_TYPE = "JWT";

/** What an ID token says beyond the login that it comes from. */
export interface IdTokenTerms {
  readonly algorithm: SigningAlgorithm;
  readonly lifetimeSeconds: number;
  /** Of the authorization request; null: it had none, or this is a refresh. */
  readonly nonce: string | null;
  /** About the user, within the granted scope. */
  readonly claims: Claims;
}

/** A login, as an ID token describes it. All instants in milliseconds since the epoch. */
export interface IdTokenLogin {
  readonly issuerUrl: string;
  readonly clientId: string;
  readonly subject: string;
  /** The browser session (`sid`), or null: there was no browser. */
  readonly sessionId: string | null;
  /** When the user signed in in a browser; null: without one. */
  readonly authenticatedAtMs: number | null;
  readonly issuedAtMs: number;
}

/**
 * The claims of an ID token (OIDC Core §2).
 *
 * @param accessToken the one in the same response: `at_hash` binds them
 */
export async function idTokenClaims(
  { algorithm, lifetimeSeconds, nonce, claims }: IdTokenTerms,
  login: IdTokenLogin,
  accessToken: string,
): Promise<Record<string, unknown>> {
  const { issuerUrl, clientId, subject, sessionId, authenticatedAtMs, issuedAtMs } = login;
  const issuedAt = toSeconds(issuedAtMs);
  return {
    ...claims,
    iss: issuerUrl,
    sub: subject,
    aud: clientId,
    azp: clientId,
    exp: issuedAt + lifetimeSeconds,
    iat: issuedAt,
    ...(authenticatedAtMs !== null && { auth_time: toSeconds(authenticatedAtMs), amr: ["pwd"] }),
    ...(nonce !== null && { nonce }),
    ...(sessionId !== null && { sid: sessionId }),
    at_hash: await accessTokenHash(accessToken, algorithm),
  };
}

/** `at_hash`: the left half of the digest that belongs to the algorithm (OIDC Core §3.1.3.6). */
async function accessTokenHash(accessToken: string, algorithm: SigningAlgorithm): Promise<string> {
  const digest = await (algorithm === "EdDSA" ? sha512 : sha256)(accessToken);
  return toBase64Url(digest.subarray(0, digest.length / 2));
}

function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}
