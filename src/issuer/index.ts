import type { AccessTokenContent } from "../tokens/access-token.ts";
import type { Authorization } from "../tokens/authorization.ts";
import { type ActiveToken, inspect, type TracedToken, trace } from "./inspect.ts";
import { issue } from "./issue.ts";
import type { IssueContext, IssuedTokens, IssueTools } from "./issued.ts";
import { recall } from "./recall.ts";
import { endFamily, type RevokeTools, revoke } from "./revoke.ts";

export type { ActiveToken, TracedToken } from "./inspect.ts";
export type { IssuedTokens } from "./issued.ts";

/**
 * The single mint: nothing else in the service makes a token, ends one or says whether one is good.
 * Each of these is a file of its own; all throw Unavailable when storage fails, and Refusal
 * `family_busy` when the object of a family is asked too much.
 */
export interface Issuer {
  /** @throws Refusal when a refresh token is not good */
  issue(authorization: Authorization, context: IssueContext): Promise<IssuedTokens>;
  /** Exactly whether an access token is good now. */
  inspect(accessToken: string): Promise<ActiveToken | null>;
  /** The first half of `inspect`, before D1. */
  trace(accessToken: string): Promise<TracedToken | null>;
  /** What an access token grants, from KV alone: fast, and late to learn of a revocation. */
  recall(accessToken: string): Promise<AccessTokenContent | null>;
  /** Ends a token of that client, and everything of its family. */
  revoke(token: string, clientId: string): Promise<void>;
  /** Ends a family of that client, for an operator or an application. */
  endFamily(familyId: string, clientId: string): Promise<void>;
}

/** Builds the {@link Issuer}. */
export function createIssuer(tools: IssueTools & RevokeTools): Issuer {
  return {
    issue: (authorization, context) => issue(authorization, context, tools),
    inspect: (accessToken) => inspect(accessToken, tools),
    trace: (accessToken) => trace(accessToken, tools),
    recall: (accessToken) => recall(accessToken, tools),
    revoke: (token, clientId) => revoke(token, clientId, tools),
    endFamily: (familyId, clientId) => endFamily(familyId, clientId, "management", tools),
  };
}
