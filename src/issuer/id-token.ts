import { type Random, randomUuid } from "../crypto/bytes.ts";
import type { SigningAlgorithm, SigningKeys } from "../crypto/signing-keys.ts";
import { Unavailable } from "../errors/refusal.ts";
import {
  ID_TOKEN_TYPE,
  type IdTokenLogin,
  type IdTokenTerms,
  idTokenClaims,
} from "../tokens/id-token.ts";
import { type EndedSignIn, LOGOUT_TOKEN_TYPE, logoutTokenClaims } from "../tokens/logout-token.ts";

/** What ID tokens need. */
interface IdTokenDeps {
  readonly signingKeys: SigningKeys | null;
}

/** What logout tokens need. */
interface LogoutTokenDeps extends IdTokenDeps {
  readonly random: Random;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/**
 * Makes an ID token.
 *
 * @throws Unavailable when there is no key for the client's algorithm
 */
export async function mintIdToken(
  terms: IdTokenTerms,
  login: IdTokenLogin,
  accessToken: string,
  { signingKeys }: IdTokenDeps,
): Promise<string> {
  const { algorithm } = terms;
  const keys = requireKey(algorithm, signingKeys);
  return keys.sign(await idTokenClaims(terms, login, accessToken), ID_TOKEN_TYPE, algorithm);
}

/**
 * Makes a logout token (OpenID Connect Back-Channel Logout §2.4), signed as ID tokens are.
 *
 * @throws Unavailable when there is no key for the client's algorithm
 */
export async function mintLogoutToken(
  ended: EndedSignIn,
  algorithm: SigningAlgorithm,
  { signingKeys, random, clock }: LogoutTokenDeps,
): Promise<string> {
  const keys = requireKey(algorithm, signingKeys);
  const claims = logoutTokenClaims(ended, randomUuid(random), clock());
  return keys.sign(claims, LOGOUT_TOKEN_TYPE, algorithm);
}

function requireKey(algorithm: SigningAlgorithm, signingKeys: SigningKeys | null): SigningKeys {
  if (signingKeys?.algorithms.has(algorithm) === true) return signingKeys;
  throw new Unavailable("sign", `SIGNING_KEYS has no ${algorithm} key`);
}

/** Whom an ID token identifies. */
export interface IdTokenHint {
  readonly subject: string;
  /** The client that it was issued to. */
  readonly clientId: string;
  /** The browser session, or null: the token does not say. */
  readonly sessionId: string | null;
}

/**
 * Reads an ID token that comes back as a hint (OIDC Core §3.1.2.1). It may have expired, and may be
 * one of another server whose key and issuer this one has taken over.
 *
 * @returns null for anything but an ID token of this issuer
 */
export async function readIdTokenHint(
  token: string,
  issuerUrl: string,
  { signingKeys }: IdTokenDeps,
): Promise<IdTokenHint | null> {
  const payload = await signingKeys?.verifySignature(token, ID_TOKEN_TYPE);
  const { iss, sub, aud, sid } = payload ?? {};
  const clientId = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
  if (iss !== issuerUrl || typeof sub !== "string" || typeof clientId !== "string") return null;
  return { subject: sub, clientId, sessionId: typeof sid === "string" ? sid : null };
}
