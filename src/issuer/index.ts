import { randomUuid } from "../crypto/bytes.ts";
import type { SigningAlgorithm } from "../crypto/signing-keys.ts";
import type { Lookups } from "../storage/lookups.ts";
import type { AccessTokenContent } from "../tokens/access-token.ts";
import type { Authorization } from "../tokens/authorization.ts";
import type { EndedSignIn } from "../tokens/logout-token.ts";
import { type IdTokenHint, mintLogoutToken, readIdTokenHint } from "./id-token.ts";
import {
  type ActiveToken,
  finishIntrospection,
  type IntrospectDeps,
  introspect,
  type PendingIntrospection,
  startIntrospection,
  verifyFast,
} from "./introspect.ts";
import { type IssueDeps, type IssuedTokens, issueNewFamily, issueSingle } from "./issue.ts";
import { redeem } from "./redeem.ts";
import { endFamily, type RevokeDeps, revoke } from "./revoke.ts";
import { rotate } from "./rotate.ts";

export type { IdTokenHint } from "./id-token.ts";
export type { ActiveToken, PendingIntrospection } from "./introspect.ts";
export type { IssuedTokens } from "./issue.ts";

/**
 * Issues, rotates, introspects and revokes tokens. No other part of the service does. All methods
 * throw Unavailable when storage fails, and Refusal `family_busy` when a family is called too
 * often.
 *
 * @example
 * const active = await issuer.introspect(accessToken, lookups); // null: not valid
 */
export interface Issuer {
  /** @throws Refusal when the refresh token that it consumes is not valid */
  issue(authorization: Authorization): Promise<IssuedTokens>;
  /** Checks exactly whether an access token is valid now. */
  introspect(accessToken: string, lookups: Lookups): Promise<ActiveToken | null>;
  /** The first half of `introspect`: starts its look-ups. */
  startIntrospection(accessToken: string, lookups: Lookups): Promise<PendingIntrospection | null>;
  /** The second half of `introspect`. */
  finishIntrospection(pending: PendingIntrospection): Promise<ActiveToken | null>;
  /** Checks an access token with KV: fast, but sees a revocation late. */
  verifyFast(accessToken: string, lookups: Lookups): Promise<AccessTokenContent | null>;
  /** Reads an ID token, even an expired one. Null: this issuer did not make it. */
  readIdTokenHint(idToken: string, issuerUrl: string): Promise<IdTokenHint | null>;
  /** Makes a logout token for a client, signed with its algorithm. */
  issueLogoutToken(ended: EndedSignIn, algorithm: SigningAlgorithm): Promise<string>;
  /** Revokes a token of that client, and its family. */
  revoke(token: string, clientId: string, lookups: Lookups): Promise<void>;
  /** Revokes a family of that client, for an operator, an application or its user. */
  endFamily(
    familyId: string,
    clientId: string,
    reason?: "management" | "account_page",
  ): Promise<void>;
}

/** Builds the {@link Issuer}. */
export function createIssuer(deps: IssueDeps & IntrospectDeps & RevokeDeps): Issuer {
  return {
    issue(authorization) {
      const { refresh } = authorization;
      switch (refresh.kind) {
        case "none":
          return issueSingle(authorization, deps);
        case "new":
          return issueNewFamily(authorization, refresh.login, deps);
        case "code":
          return redeem(authorization, refresh, deps);
        case "rotated":
        case "imported":
          return rotate(authorization, refresh, deps);
      }
    },
    introspect: (accessToken, lookups) => introspect(accessToken, lookups, deps),
    startIntrospection: (accessToken, lookups) => startIntrospection(accessToken, lookups, deps),
    finishIntrospection: (pending) => finishIntrospection(pending, deps),
    verifyFast: (accessToken, lookups) => verifyFast(accessToken, lookups, deps),
    readIdTokenHint: (idToken, issuerUrl) => readIdTokenHint(idToken, issuerUrl, deps),
    issueLogoutToken(ended, algorithm) {
      return mintLogoutToken(ended, algorithm, randomUuid(deps.random), deps.clock(), deps);
    },
    revoke: (token, clientId, lookups) => revoke(token, clientId, lookups, deps),
    endFamily: (familyId, clientId, reason = "management") => {
      return endFamily(familyId, clientId, reason, deps);
    },
  };
}
