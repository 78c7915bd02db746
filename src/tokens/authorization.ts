import type { Claims } from "../protocol/claims.ts";
import type { AccessTokenFormat } from "../protocol/names.ts";
import type { Scope } from "../protocol/scope.ts";
import type { ImportedRefreshToken } from "./imported-token.ts";
import type { LoginFacts, RefreshToken } from "./refresh-token.ts";

/** How long what is issued to one client lives. In seconds. */
export interface Lifetimes {
  readonly accessTokenSeconds: number;
  /** A family that is not refreshed for so long has ended. */
  readonly refreshIdleSeconds: number;
  /** A family ends so long after its login, refreshed or not. */
  readonly refreshAbsoluteSeconds: number;
}

/** The refresh token that comes with an access token. */
export type RefreshOutcome =
  /** None: the client asks again with its own credentials. */
  | { readonly kind: "none" }
  /** The first one of a new family: the user logged in. */
  | { readonly kind: "new"; readonly login: LoginFacts }
  /** The successor of this refresh token, which is consumed. */
  | {
      readonly kind: "rotated";
      readonly predecessor: RefreshToken;
      /** In hexadecimal; tells this attempt from another with the same token. */
      readonly attemptId: string;
    }
  /** The first one of ours after a token of another server, which is consumed. */
  | {
      readonly kind: "imported";
      readonly imported: ImportedRefreshToken;
      readonly attemptId: string;
    };

/**
 * What is to be issued: who may do what, and on whose authority. A plain value; the issuer alone
 * turns it into tokens.
 */
export interface Authorization {
  readonly clientId: string;
  /** `users.id`, or null when the client acts for itself (RFC 6749 §4.4). */
  readonly subject: string | null;
  /** What the access token may do. */
  readonly scope: Scope;
  /** The API that the access token is for (RFC 8707), or null where none is named. */
  readonly audience: string | null;
  /** What the operator says of client and user, such as roles. */
  readonly claims: Claims;
  readonly accessTokenFormat: AccessTokenFormat;
  readonly lifetimes: Lifetimes;
  readonly refresh: RefreshOutcome;
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
