import type { Claims } from "../protocol/claims.ts";
import type { AccessTokenFormat } from "../protocol/names.ts";
import type { Scope } from "../protocol/scope.ts";
import type { ImportedRefreshToken } from "./imported-token.ts";
import type { RefreshToken } from "./refresh-token.ts";

/** How long what is issued to one client lives. In seconds. */
export interface Lifetimes {
  readonly accessTokenSeconds: number;
  /** A family that is not refreshed for so long has ended. */
  readonly refreshIdleSeconds: number;
  /** A family ends so long after its login, refreshed or not. */
  readonly refreshAbsoluteSeconds: number;
}

/** What comes with the access token. */
export type Continuation =
  /** Nothing: the client asks again with its own credentials. */
  | { readonly kind: "none" }
  /** The first refresh token of a new family: the user logged in. */
  | {
      readonly kind: "new_family";
      /** The API that the login named (RFC 8707 §2.2), or null: any that the client may have. */
      readonly resource: string | null;
    }
  /** The successor of this refresh token, which is consumed. */
  | {
      readonly kind: "rotation";
      readonly predecessor: RefreshToken;
      /** In hexadecimal; tells this attempt from another with the same token. */
      readonly attemptId: string;
    }
  /** The first refresh token of ours after one of another server's, which is consumed. */
  | {
      readonly kind: "adoption";
      readonly imported: ImportedRefreshToken;
      readonly attemptId: string;
    };

/**
 * What a grant decided: who may do what, and on whose authority. A plain value; the issuer alone
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
  readonly continuation: Continuation;
}
