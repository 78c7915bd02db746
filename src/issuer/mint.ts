import type { KeyRing } from "../crypto/key-ring.ts";
import { Refusal } from "../protocol/refusal.ts";
import { parseScope, type Scope } from "../protocol/scope.ts";
import type { AccessTokenRecord } from "../storage/access-tokens.ts";
import { sealAccessToken } from "../tokens/access-token.ts";
import type { FamilyState, Generation } from "../tokens/family.ts";
import { type RefreshToken, sealRefreshToken } from "../tokens/refresh-token.ts";

/** The rings that seal the two kinds of token; made of the same keys. */
export interface TokenRings {
  readonly accessTokenRing: KeyRing;
  readonly refreshTokenRing: KeyRing;
}

/** A family's tokens of one generation, and what is to be stored of the access token. */
export interface Pair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly scope: Scope;
  readonly record: AccessTokenRecord;
}

/** What the refresh tokens of a family have in common. */
export type FamilyFacts = Pick<FamilyState, "clientId" | "subject" | "createdAtMs"> & {
  readonly familyId: string;
  /** What was granted at login. */
  readonly originalScope: Scope;
};

/**
 * Makes the tokens of a generation: the same two every time.
 *
 * @throws Refusal when the key of the generation has retired, so that nobody can make them again
 */
export async function mintPair(
  rings: TokenRings,
  family: FamilyFacts,
  live: Generation,
): Promise<Pair> {
  const refreshKey = rings.refreshTokenRing.find(live.keyId);
  if (refreshKey === undefined) throw new Refusal("refresh_token_ended");
  const { familyId, clientId, subject, createdAtMs, originalScope } = family;
  const { generation, scope, issuedAtMs, accessTokenExpiresAtMs } = live;
  const refreshToken: RefreshToken = {
    familyId,
    generation,
    clientId,
    subject,
    scope: originalScope,
    createdAtMs,
    issuedAtMs,
  };
  const [sealedAccess, sealedRefresh] = await Promise.all([
    mintAccessToken(rings, familyId, live),
    sealRefreshToken(refreshKey, refreshToken),
  ]);
  return {
    accessToken: sealedAccess,
    refreshToken: sealedRefresh,
    scope: parseScope(scope) ?? [],
    record: { clientId, subject, scope, issuedAtMs, expiresAtMs: accessTokenExpiresAtMs },
  };
}

/**
 * Makes the access token of a generation: the same one every time.
 *
 * @throws Refusal when the key of the generation has retired
 */
export async function mintAccessToken(
  { accessTokenRing }: TokenRings,
  familyId: string,
  { generation, keyId }: Pick<Generation, "generation" | "keyId">,
): Promise<string> {
  const key = accessTokenRing.find(keyId);
  if (key === undefined) throw new Refusal("refresh_token_ended");
  return sealAccessToken(key, { kind: "family", familyId, generation });
}
