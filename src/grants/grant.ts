import type { Client, VerifiedClient } from "../clients/client.ts";
import type { Random } from "../crypto/bytes.ts";
import type { KeyRing } from "../crypto/key-ring.ts";
import type { RefusalReason } from "../errors/index.ts";
import type { Params } from "../protocol/params.ts";
import type { Scope } from "../protocol/scope.ts";
import type { Lookups } from "../storage/lookups.ts";
import type { User } from "../storage/users.ts";
import type { RefreshOutcome } from "../tokens/authorization.ts";
import type { SignInDeps } from "../users/sign-in.ts";

/** Dependencies of the grants. None of them mints a token or builds a response. */
export interface GrantDeps {
  readonly signIn: SignInDeps;
  readonly refreshTokenRing: KeyRing;
  readonly codeRing: KeyRing;
  readonly random: Random;
  /** Whether refresh tokens of the previous server are accepted. */
  readonly acceptsImportedTokens: boolean;
}

/** What a login granted. A refresh cannot exceed it. */
interface GrantedLogin {
  readonly scope: Scope;
  /** The APIs that the login named (RFC 8707 §2.2), or none: any API of the client. */
  readonly resources: readonly string[];
}

/** The result of a grant: what authorizes the tokens. */
export interface Proof {
  /** Null: the client acts for itself (RFC 6749 §4.4). */
  readonly user: User | null;
  /** The login that this request continues, or null when it starts one or there is none. */
  readonly login: GrantedLogin | null;
  /** The refresh token that comes with the access token. */
  readonly refresh: RefreshOutcome;
}

/**
 * One `grant_type` (RFC 6749 §1.3): it reads the request and proves what the request claims. What a
 * client may have, and what is issued, is decided for all grants alike; see `authorize.ts`.
 * Metadata, the OpenAPI document, the checks of a client's `grant_types` and the documentation are
 * derived from the fields.
 */
export interface Grant<Presented = unknown> {
  /** The value of `grant_type`. */
  readonly grantType: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** The section that defines it. */
  readonly specification: string;
  /** Its own parameters, with a description of each. Every grant has `scope` and `resource`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The parameters of an example request, without `grant_type`. */
  readonly example: Readonly<Record<string, string>>;
  /** The OAuth flow of OpenAPI that starts with it, or null when it continues a login. */
  readonly openApiFlow: "password" | "clientCredentials" | "authorizationCode" | null;
  /** The reasons for which it rejects a request, apart from those of every grant. */
  readonly refusals: readonly RefusalReason[];
  /** Whether a public client may use it. */
  readonly allowsPublicClients: boolean;
  /**
   * Reads the request and starts the look-ups that {@link prove} needs. It awaits none of them, so
   * that they share a batch with the look-up of the client.
   *
   * @throws Refusal when the request must be rejected before the client is authenticated
   */
  read(request: TokenRequest, lookups: Lookups, deps: GrantDeps): Promise<Presented>;
  /**
   * Whether this service issued what was presented to a client. Says nothing about who sends it.
   * Absent: the grant presents nothing that it issues.
   */
  isIssuedTo?(presented: Presented, clientId: string): Promise<boolean>;
  /** The APIs that the presented login named, before it is verified. Absent: it starts a login. */
  resourcesOf?(presented: Presented): readonly string[];
  /**
   * Starts what {@link prove} would wait for, while the client's row is looked up. It is called
   * only for a client that this isolate verified a moment ago, and that could use the grant then.
   *
   * @param client settles when the client is authenticated and registered for this grant, or is
   *   not: what was started must then leave no trace
   * @returns what is passed to {@link prove}
   */
  anticipate?(
    presented: Presented,
    expected: VerifiedClient,
    client: Promise<Client>,
    deps: GrantDeps,
  ): Presented;
  /**
   * Verifies what was presented. It consumes nothing: the issuer does that at the end.
   *
   * @param client authenticated, and registered for this grant
   * @throws Refusal when it is invalid, Unavailable
   */
  prove(presented: Presented, client: Client, deps: GrantDeps): Promise<Proof>;
}

/** A token request without its HTTP parts. */
export interface TokenRequest {
  /** Undefined when the request has none. */
  readonly grantType: string | undefined;
  readonly params: Params;
  /** The `Idempotency-Key` header, or null. */
  readonly idempotencyKey: string | null;
  /** The IP address of the caller, or null when the platform does not provide it. */
  readonly address: string | null;
  /** The IP address of the user as the client states it, or null. Not verified. */
  readonly forwardedFor: string | null;
  /** Describes the session in lists for people. */
  readonly label: string;
  /** The `iss` of a JWT. */
  readonly issuerUrl: string;
  /** Before anything was looked up, in milliseconds since the epoch. */
  readonly receivedAtMs: number;
}
