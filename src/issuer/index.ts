import { toHex } from "../crypto/bytes.ts";
import type { KeyRing, SealingKey } from "../crypto/key-ring.ts";
import type { Random } from "../crypto/random.ts";
import { Refusal, type RefusalReason } from "../protocol/refusal.ts";
import { formatScope, parseScope, type Scope } from "../protocol/scope.ts";
import type { AccessTokenStore } from "../storage/access-tokens.ts";
import type { FamilyStore } from "../storage/families.ts";
import { type AccessToken, NONCE_BYTES, sealAccessToken } from "../tokens/access-token.ts";
import type { Authorization, Continuation, Lifetimes } from "../tokens/authorization.ts";
import type { FamilyPolicy, RotationRefusal, Successor } from "../tokens/family.ts";
import { type RefreshToken, sealRefreshToken } from "../tokens/refresh-token.ts";

/** What an issue gives to the client. */
export interface IssuedTokens {
  readonly accessToken: string;
  /** Seconds until the access token expires. */
  readonly expiresInSeconds: number;
  readonly scope: Scope;
  /** Null where the grant continues without one. */
  readonly refreshToken: string | null;
}

/** What {@link createIssuer} needs. */
export interface IssuerOptions {
  readonly accessTokens: AccessTokenStore;
  readonly families: FamilyStore;
  readonly accessTokenRing: KeyRing;
  readonly refreshTokenRing: KeyRing;
  readonly refreshRetry: FamilyPolicy["retry"];
  readonly refreshRetryWindowSeconds: number;
  readonly random: Random;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** The single mint: nothing else in the service makes a token. */
export interface Issuer {
  /**
   * Turns what a grant decided into tokens, written down before they are returned.
   *
   * @throws Refusal when the refresh token to rotate is consumed, expired or revoked
   * @throws Unavailable when storage fails; what was consumed then can be retried as DESIGN has it
   */
  issue(authorization: Authorization): Promise<IssuedTokens>;
}

const REFUSAL_REASONS: Readonly<Record<RotationRefusal, RefusalReason>> = {
  unknown: "family_unknown",
  expired: "family_expired",
  revoked: "family_revoked",
  raced: "family_raced",
  reused: "family_reused",
};

/** Builds the {@link Issuer}. */
export function createIssuer(options: IssuerOptions): Issuer {
  const { accessTokens, families, accessTokenRing, refreshTokenRing, random, clock } = options;

  async function issueSingle(authorization: Authorization, nowMs: number): Promise<IssuedTokens> {
    const token: AccessToken = { kind: "single", nonce: toHex(random(NONCE_BYTES)) };
    const minted = await mintAccessToken(accessTokenRing.sealing, token, authorization, {
      issuedAtMs: nowMs,
      nowMs,
    });
    await minted.store();
    return { ...minted.issued, refreshToken: null };
  }

  async function issueNewFamily(
    authorization: Authorization,
    nowMs: number,
  ): Promise<IssuedTokens> {
    const familyId = families.newId();
    const key = refreshTokenRing.sealing;
    const refreshToken: RefreshToken = {
      familyId,
      generation: 0,
      clientId: authorization.clientId,
      subject: subjectOf(authorization),
      scope: authorization.scope,
      createdAtMs: nowMs,
      issuedAtMs: nowMs,
    };
    const state = {
      clientId: refreshToken.clientId,
      subject: refreshToken.subject,
      generation: 0,
      keyId: key.id,
      scope: formatScope(authorization.scope),
      attemptId: "",
      createdAtMs: nowMs,
      rotatedAtMs: nowMs,
      revoked: null,
    };
    const [minted, sealed] = await Promise.all([
      mintAccessToken(accessTokenRing.sealing, familyToken(refreshToken), authorization, {
        issuedAtMs: nowMs,
        nowMs,
      }),
      sealRefreshToken(key, refreshToken),
    ]);
    // Side by side: if one fails nobody ever sees a token of the other, and both clean up.
    await Promise.all([
      families.start(familyId, state, policyFor(authorization.lifetimes)),
      minted.store(),
    ]);
    return { ...minted.issued, refreshToken: sealed };
  }

  async function issueSuccessor(
    authorization: Authorization,
    { predecessor, attemptId }: Extract<Continuation, { kind: "rotation" }>,
    nowMs: number,
  ): Promise<IssuedTokens> {
    const outcome = await families.rotate(
      predecessor.familyId,
      {
        generation: predecessor.generation,
        keyId: refreshTokenRing.sealing.id,
        scope: formatScope(authorization.scope),
        attemptId,
      },
      nowMs,
      policyFor(authorization.lifetimes),
    );
    if (outcome.kind === "refused") throw new Refusal(REFUSAL_REASONS[outcome.refusal]);
    return mintSuccessor(authorization, predecessor, outcome.successor, nowMs);
  }

  /** Rebuilds a pair from what the family's row says of it: the same pair at every attempt. */
  async function mintSuccessor(
    authorization: Authorization,
    predecessor: RefreshToken,
    { generation, keyId, scope, issuedAtMs }: Successor,
    nowMs: number,
  ): Promise<IssuedTokens> {
    const refreshKey = refreshTokenRing.find(keyId);
    const accessKey = accessTokenRing.find(keyId);
    // The key was retired inside the retry window: nobody can make this pair again.
    if (!refreshKey || !accessKey) throw new Refusal("refresh_token_ended");
    const successor: RefreshToken = { ...predecessor, generation, issuedAtMs };
    const granted = { ...authorization, scope: parseScope(scope) ?? [] };
    const [minted, sealed] = await Promise.all([
      mintAccessToken(accessKey, familyToken(successor), granted, { issuedAtMs, nowMs }),
      sealRefreshToken(refreshKey, successor),
    ]);
    await minted.store();
    return { ...minted.issued, refreshToken: sealed };
  }

  async function mintAccessToken(
    key: SealingKey,
    token: AccessToken,
    { clientId, subject, scope, lifetimes }: Authorization,
    { issuedAtMs, nowMs }: { issuedAtMs: number; nowMs: number },
  ): Promise<{ issued: Omit<IssuedTokens, "refreshToken">; store: () => Promise<void> }> {
    const accessToken = await sealAccessToken(key, token);
    const expiresAtMs = issuedAtMs + lifetimes.accessTokenSeconds * 1000;
    const record = { clientId, subject, scope: formatScope(scope), issuedAtMs, expiresAtMs };
    const expiresInSeconds = Math.max(0, Math.floor((expiresAtMs - nowMs) / 1000));
    return {
      issued: { accessToken, expiresInSeconds, scope },
      store: () => accessTokens.put(accessToken, record, nowMs),
    };
  }

  function policyFor(lifetimes: Lifetimes): FamilyPolicy {
    return {
      idleMs: lifetimes.refreshIdleSeconds * 1000,
      absoluteMs: lifetimes.refreshAbsoluteSeconds * 1000,
      retry: options.refreshRetry,
      retryWindowMs: options.refreshRetryWindowSeconds * 1000,
    };
  }

  return {
    issue(authorization) {
      const nowMs = clock();
      const { continuation } = authorization;
      switch (continuation.kind) {
        case "none":
          return issueSingle(authorization, nowMs);
        case "new_family":
          return issueNewFamily(authorization, nowMs);
        case "rotation":
          return issueSuccessor(authorization, continuation, nowMs);
      }
    },
  };
}

function familyToken({ familyId, generation }: RefreshToken): AccessToken {
  return { kind: "family", familyId, generation };
}

function subjectOf({ subject }: Authorization): string {
  if (subject === null) throw new TypeError("a refresh family needs a user");
  return subject;
}
