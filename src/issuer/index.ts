import type { Lookups } from "../storage/lookups.ts";
import type { AccessTokenContent } from "../tokens/access-token.ts";
import type { Authorization } from "../tokens/authorization.ts";
import {
  type ActiveToken,
  type IntrospectDeps,
  introspect,
  judge,
  type LocatedToken,
  locate,
  verifyFast,
} from "./introspect.ts";
import { issue } from "./issue.ts";
import type { IssueDeps, IssuedTokens } from "./issued-tokens.ts";
import { endFamily, type RevokeDeps, revoke } from "./revoke.ts";

export type { ActiveToken, LocatedToken } from "./introspect.ts";
export type { IssuedTokens } from "./issued-tokens.ts";

/**
 * The only part of the service that makes a token, ends one, or tells whether one is valid. Each of
 * these is a file of its own. All throw Unavailable when storage fails, and Refusal `family_busy`
 * when the object of a family is asked too often.
 */
export interface Issuer {
  /** @throws Refusal when the refresh token that it consumes is not valid */
  issue(authorization: Authorization): Promise<IssuedTokens>;
  /** Exactly whether an access token is valid now. */
  introspect(accessToken: string, lookups: Lookups): Promise<ActiveToken | null>;
  /** The first half of `introspect`: starts its look-ups. */
  locate(accessToken: string, lookups: Lookups): Promise<LocatedToken | null>;
  /** The second half of `introspect`. */
  judge(located: LocatedToken): Promise<ActiveToken | null>;
  /** What an access token grants, from KV alone: fast, and late to learn of a revocation. */
  verifyFast(accessToken: string, lookups: Lookups): Promise<AccessTokenContent | null>;
  /** Ends a token of that client, and everything of its family. */
  revoke(token: string, clientId: string, lookups: Lookups): Promise<void>;
  /** Ends a family of that client, for an operator or an application. */
  endFamily(familyId: string, clientId: string): Promise<void>;
}

/** Builds the {@link Issuer}. */
export function createIssuer(deps: IssueDeps & IntrospectDeps & RevokeDeps): Issuer {
  return {
    issue: (authorization) => issue(authorization, deps),
    introspect: (accessToken, lookups) => introspect(accessToken, lookups, deps),
    locate: (accessToken, lookups) => locate(accessToken, lookups, deps),
    judge: (located) => judge(located, deps),
    verifyFast: (accessToken, lookups) => verifyFast(accessToken, lookups, deps),
    revoke: (token, clientId, lookups) => revoke(token, clientId, lookups, deps),
    endFamily: (familyId, clientId) => endFamily(familyId, clientId, "management", deps),
  };
}
