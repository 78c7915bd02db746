import type { Authorization } from "../tokens/authorization.ts";
import { type ActiveToken, type InspectTools, inspect } from "./inspect.ts";
import { type IssuedTokens, type IssueTools, issue } from "./issue.ts";

export type { ActiveToken } from "./inspect.ts";
export type { IssuedTokens } from "./issue.ts";

/** The single mint: nothing else in the service makes a token or says whether one is good. */
export interface Issuer {
  /** See `issue.ts`. @throws Refusal, Unavailable */
  issue(authorization: Authorization, authorizedAtMs: number): Promise<IssuedTokens>;
  /** See `inspect.ts`. @throws Unavailable, and Refusal `family_busy` */
  inspect(accessToken: string): Promise<ActiveToken | null>;
}

/** Builds the {@link Issuer}. */
export function createIssuer(tools: IssueTools & InspectTools): Issuer {
  return {
    issue: (authorization, authorizedAtMs) => issue(authorization, authorizedAtMs, tools),
    inspect: (accessToken) => inspect(accessToken, tools),
  };
}
