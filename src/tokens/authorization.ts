import type { Claims } from "../protocol/claims.ts";
import type { AccessTokenFormat } from "../protocol/names.ts";
import type { Scope } from "../protocol/scope.ts";
import type { PresentedCode } from "./authorization-code.ts";
import type { IdTokenTerms } from "./id-token.ts";
import type { ImportedRefreshToken } from "./imported-token.ts";
import type { LoginFacts, RefreshToken } from "./refresh-token.ts";

/** Lifetimes of a client's tokens, in seconds. */
export interface Lifetimes {
  readonly accessTokenSeconds: number;
  /** A family expires if it is not refreshed for this long. */
  readonly refreshIdleSeconds: number;
  /** A family expires this long after its login, refreshed or not. */
  readonly refreshAbsoluteSeconds: number;
}

/** The refresh token that comes with an access token. */
export type RefreshOutcome =
  /** None: the client asks again with its own credentials. */
  | { readonly kind: "none" }
  /** The first one of a new family: the user logged in. */
  | { readonly kind: "new"; readonly login: LoginFacts }
  /** The first one of the family that an authorization code begins. The code is consumed. */
  | {
      readonly kind: "code";
      readonly code: PresentedCode;
      readonly attemptId: string;
      /** Whether the client receives it: it may be registered without refresh. */
      readonly hasRefreshToken: boolean;
    }
  /** The successor of this refresh token, which is consumed. */
  | {
      readonly kind: "rotated";
      readonly predecessor: RefreshToken;
      /** In hexadecimal; identifies this attempt among others with the same token. */
      readonly attemptId: string;
    }
  /** The first one here after a token of another server, which is consumed. */
  | {
      readonly kind: "imported";
      readonly imported: ImportedRefreshToken;
      readonly attemptId: string;
    };

/**
 * What to issue: for which client and user, with which rights. Only the issuer makes tokens of it.
 */
export interface Authorization {
  readonly clientId: string;
  /** `users.id`, or null when the client acts for itself (RFC 6749 §4.4). */
  readonly subject: string | null;
  /** What the access token may do. */
  readonly scope: Scope;
  /** The API that the access token is for (RFC 8707), or null where none is named. */
  readonly audience: string | null;
  /** Claims that the operator set for client and user, such as roles. */
  readonly claims: Claims;
  readonly accessTokenFormat: AccessTokenFormat;
  readonly lifetimes: Lifetimes;
  readonly refresh: RefreshOutcome;
  /** Null: the response has no ID token. */
  readonly idToken: IdTokenTerms | null;
  /** Whether the client is told when the browser session ends (back-channel logout). */
  readonly reportsLogout: boolean;
  /** The `iss` of a JWT. */
  readonly issuerUrl: string;
  /**
   * When the lookup of client and user began, or the latest not-before time that it read. A
   * password change or deactivation that it did not read is later, and therefore ends what is
   * issued.
   */
  readonly authorizedAtMs: number;
  /** Describes the session in a list for people. */
  readonly label: string;
  /** The user's address, or null if it is unknown. */
  readonly address: string | null;
}
