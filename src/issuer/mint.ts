import { deriveKeyRing, type KeyRing } from "../crypto/seal.ts";
import { importSigningKeys, type JWK, type SigningKeys } from "../crypto/signing-keys.ts";
import { JWT_LENGTH_MAX } from "../crypto/strict-jwt.ts";
import { Refusal, Unavailable } from "../errors/refusal.ts";
import type { AccessTokenFormat } from "../protocol/names.ts";
import { parseScope, type Scope } from "../protocol/scope.ts";
import {
  ACCESS_TOKEN_PURPOSE,
  type AccessTokenContent,
  type AccessTokenReference,
  generationContent,
  sealAccessToken,
} from "../tokens/access-token.ts";
import type { Authorization } from "../tokens/authorization.ts";
import type { FamilyState, Generation } from "../tokens/family.ts";
import {
  claimsDigest,
  JWT_TYPE,
  jwtClaims,
  sealTokenId,
  TOKEN_ID_PURPOSE,
} from "../tokens/jwt-access-token.ts";
import {
  type LoginFacts,
  REFRESH_TOKEN_PURPOSE,
  type RefreshToken,
  sealRefreshToken,
} from "../tokens/refresh-token.ts";
import { mintIdToken } from "./id-token.ts";

/** Keys that seal and sign tokens. All rings are derived from the same keys. */
export interface MintDeps {
  readonly accessTokenRing: KeyRing;
  readonly refreshTokenRing: KeyRing;
  readonly tokenIdRing: KeyRing;
  /** Null: no client can have JWTs. */
  readonly signingKeys: SigningKeys | null;
}

/** Thrown for a configured key that cannot sign. The message contains no key. */
export class SigningKeyError extends Error {
  override readonly name = "SigningKeyError";
}

/**
 * Derives {@link MintDeps} from the secrets of the service.
 *
 * @throws SigningKeyError for a key that cannot sign
 */
export async function deriveMintDeps(secrets: {
  readonly tokenKeys: readonly Uint8Array<ArrayBuffer>[];
  readonly signingKeys: readonly JWK[] | null;
}): Promise<MintDeps> {
  const { tokenKeys, signingKeys: jwks } = secrets;
  const [accessTokenRing, refreshTokenRing, tokenIdRing, signingKeys] = await Promise.all([
    deriveKeyRing(tokenKeys, ACCESS_TOKEN_PURPOSE),
    deriveKeyRing(tokenKeys, REFRESH_TOKEN_PURPOSE),
    deriveKeyRing(tokenKeys, TOKEN_ID_PURPOSE),
    jwks && importSigningKeys(jwks),
  ]);
  if (typeof signingKeys === "string") throw new SigningKeyError(`SIGNING_KEYS: ${signingKeys}`);
  return { accessTokenRing, refreshTokenRing, tokenIdRing, signingKeys };
}

/** An access token and what it grants. */
export interface MintedAccessToken {
  readonly accessToken: string;
  readonly content: AccessTokenContent;
  readonly format: AccessTokenFormat;
}

/** The tokens of one generation of a family. */
export interface MintedPair extends MintedAccessToken {
  readonly refreshToken: string;
  /** Null: the scope does not ask for one. */
  readonly idToken: string | null;
}

/** Format and issuer of the access tokens of a request. */
type AccessTokenForm = Pick<Authorization, "accessTokenFormat" | "issuerUrl">;

/** What the tokens of a request have in common, whatever their generation. */
export type PairForm = AccessTokenForm & Pick<Authorization, "claims" | "idToken">;

/** The form of one access token. */
interface SealedForm extends AccessTokenForm {
  /** See {@link Generation}. */
  readonly sealsContent?: true;
}

/** What all refresh tokens of a family have in common. */
export type FamilyFacts = Pick<FamilyState, "clientId" | "subject" | "createdAtMs"> & {
  readonly familyId: string;
  /** What was granted at login. */
  readonly originalScope: Scope;
  readonly login: LoginFacts;
};

/**
 * Makes the tokens of a generation. Deterministic, except that ES256 signatures of a JWT differ.
 * What is issued for a generation again says the same.
 *
 * @throws Refusal when the key of the generation has retired, so that they cannot be made again
 */
export async function mintPair(
  family: FamilyFacts,
  live: Generation,
  form: PairForm,
  deps: MintDeps,
): Promise<MintedPair> {
  const refreshKey = deps.refreshTokenRing.find(live.keyId);
  if (refreshKey === undefined) throw new Refusal("refresh_token_ended");
  const { familyId, clientId, subject, createdAtMs, originalScope, login } = family;
  const { generation, issuedAtMs, sealsContent } = live;
  const own = { claims: form.claims, claimNames: login.claimNames ?? undefined };
  const content = { ...generationContent(family, live), ...own };
  const refreshToken: RefreshToken = {
    familyId,
    generation,
    clientId,
    subject,
    scope: originalScope,
    ...login,
    createdAtMs,
    issuedAtMs,
  };
  const reference: AccessTokenReference = { kind: "family", familyId, generation };
  const [minted, sealedRefresh] = await Promise.all([
    mintAccessToken(
      reference,
      live.keyId,
      content,
      sealsContent === true ? { ...form, sealsContent } : form,
      deps,
    ),
    sealRefreshToken(refreshKey, refreshToken),
  ]);
  const { sessionId, authenticatedAtMs } = login;
  const described = { ...form, clientId, subject, sessionId, authenticatedAtMs, issuedAtMs };
  const idToken =
    form.idToken && (await mintIdToken(form.idToken, described, minted.accessToken, deps));
  return { ...minted, refreshToken: sealedRefresh, idToken };
}

/**
 * Makes an access token.
 *
 * @param keyId of the ring key that seals it, or its `jti`
 * @throws Refusal when that key has retired
 * @throws Unavailable when the client uses JWTs and this one cannot be made
 */
export async function mintAccessToken(
  reference: AccessTokenReference,
  keyId: string,
  content: AccessTokenContent,
  { accessTokenFormat: format, issuerUrl, sealsContent }: SealedForm,
  deps: MintDeps,
): Promise<MintedAccessToken> {
  const ring = format === "opaque" ? deps.accessTokenRing : deps.tokenIdRing;
  const key = ring.find(keyId);
  if (key === undefined) throw new Refusal("refresh_token_ended");
  if (format === "opaque") {
    const token = { reference, content: sealsContent === true ? content : null };
    return { accessToken: await sealAccessToken(key, token), content, format };
  }
  const { signingKeys } = deps;
  if (signingKeys === null) throw new Unavailable("sign", "SIGNING_KEYS is missing");
  const claims = jwtClaims(content, issuerUrl);
  const jti = await sealTokenId(key, reference, await claimsDigest(claims));
  const accessToken = await signingKeys.sign({ ...claims, jti }, JWT_TYPE);
  if (accessToken.length > JWT_LENGTH_MAX) throw new Unavailable("sign", TOO_LONG);
  return { accessToken, content, format };
}

/** A token that is too long for this service to read could not be revoked. */
const TOO_LONG = `the JWT is longer than ${JWT_LENGTH_MAX}: shorten its claims, scope or audience`;

/** The scope of an access token. */
export function scopeOf({ content }: MintedAccessToken): Scope {
  return parseScope(content.scope) ?? [];
}
