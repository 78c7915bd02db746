import type { Random } from "../crypto/random.ts";
import type { Scope } from "../protocol/scope.ts";
import type { AccessTokenStore } from "../storage/access-tokens.ts";
import type { FamilyStore } from "../storage/families.ts";
import type { ImportedTokenStore } from "../storage/imported-tokens.ts";
import type { SessionStore } from "../storage/sessions.ts";
import type { Authorization, Lifetimes } from "../tokens/authorization.ts";
import type { FamilyPolicy } from "../tokens/family.ts";
import { type AccessTokenForm, type MintedAccessToken, type MintTools, scopeOf } from "./mint.ts";
import type { DigestOrigin } from "./origin.ts";

/** What an issue gives to the client. */
export interface IssuedTokens {
  readonly accessToken: string;
  /** Seconds until the access token expires. */
  readonly expiresInSeconds: number;
  readonly scope: Scope;
  /** Null where the grant continues without one. */
  readonly refreshToken: string | null;
}

/** The request that tokens are issued for. */
export interface IssueContext {
  /** The `iss` of a JWT. */
  readonly issuerUrl: string;
  /**
   * When the look-up of client and user began, or the last not-before time that it saw: a password
   * change or a deactivation that it did not see is later, and so ends what is issued.
   */
  readonly authorizedAtMs: number;
  /** Tells the session from others in a list for people. */
  readonly label: string;
  /** Where the user is, or null when nothing says so. */
  readonly address: string | null;
}

/** What issuing needs. */
export interface IssueTools extends MintTools {
  readonly accessTokens: AccessTokenStore;
  readonly families: FamilyStore;
  readonly sessions: SessionStore;
  /** Null: no token of another server is good here. */
  readonly importedTokens: ImportedTokenStore | null;
  readonly refreshRetry: FamilyPolicy["retry"];
  readonly refreshRetryWindowSeconds: number;
  readonly digestOrigin: DigestOrigin;
  readonly random: Random;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Lets work go on after the answer; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** How the access token of an authorization is made. */
export function formOf(
  { accessTokenFormat: format }: Authorization,
  { issuerUrl }: IssueContext,
): AccessTokenForm {
  return { format, issuerUrl };
}

/** What decides how long the family of a client lives. */
export function policyFor(lifetimes: Lifetimes, tools: IssueTools): FamilyPolicy {
  return {
    accessTokenMs: lifetimes.accessTokenSeconds * 1000,
    idleMs: lifetimes.refreshIdleSeconds * 1000,
    absoluteMs: lifetimes.refreshAbsoluteSeconds * 1000,
    retry: tools.refreshRetry,
    retryWindowMs: tools.refreshRetryWindowSeconds * 1000,
  };
}

/** A JWT carries its content itself; an opaque token is a reference into KV. */
export async function store(
  { accessToken, content, format }: MintedAccessToken,
  nowMs: number,
  { accessTokens }: IssueTools,
): Promise<void> {
  if (format === "opaque") await accessTokens.put(accessToken, content, nowMs);
}

/** Words what was minted for its client. */
export function toIssued(
  minted: MintedAccessToken,
  refreshToken: string | null,
  nowMs: number,
): IssuedTokens {
  // Zero when a retry comes after the first answer's access token has expired.
  const secondsLeft = Math.floor((minted.content.expiresAtMs - nowMs) / 1000);
  return {
    accessToken: minted.accessToken,
    expiresInSeconds: Math.max(0, secondsLeft),
    scope: scopeOf(minted),
    refreshToken,
  };
}
