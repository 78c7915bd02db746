import type { KeyRing } from "../crypto/key-ring.ts";
import type { Passwords } from "../crypto/passwords.ts";
import type { Random } from "../crypto/random.ts";
import type { LegacyLogin } from "../legacy/log-in.ts";
import type { GrantType } from "../protocol/names.ts";
import type { Params } from "../protocol/params.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Scope } from "../protocol/scope.ts";
import type { AccountQuery, AccountStore, Accounts, Client, User } from "../storage/accounts.ts";
import type { Throttle } from "../throttle/throttle.ts";
import type { Authorization, Lifetimes } from "../tokens/authorization.ts";
import type { HoldTools } from "./hold-failures.ts";
import type { Addresses } from "./user-address.ts";

/** What a grant may use to decide. None of it mints a token or writes an answer. */
export interface GrantTools extends HoldTools {
  readonly accounts: AccountStore;
  readonly userPasswords: Passwords;
  /** Null: no old token endpoint is asked. */
  readonly legacyLogin: LegacyLogin | null;
  /** Stands before every check of a password. */
  readonly throttle: Throttle;
  readonly refreshTokenRing: KeyRing;
  readonly random: Random;
  /** The scopes of a client without `scope`. Those of `NAMED_SCOPES` come on top, by name. */
  readonly scopes: Scope;
  /** Those that only a client acting for itself may have, if it is registered for them by name. */
  readonly clientScopes: Scope;
  /** For clients that set none of their own. */
  readonly lifetimes: Lifetimes;
  /** Whether tokens of another server are looked up. */
  readonly acceptsImportedTokens: boolean;
  /** Lets work go on after the answer; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** What a grant sees of a request. */
export interface GrantRequest {
  readonly params: Params;
  /** The `Idempotency-Key` header, or null. */
  readonly idempotencyKey: string | null;
  readonly addresses: Addresses;
}

/** A request that a grant has read, before anyone has proved anything. */
export interface PreparedGrant {
  /** What to look up beside the client, in the same round trip. */
  readonly query: Partial<AccountQuery>;
  /** The user whom the request names, or null when there is none. */
  userOf(accounts: Accounts): User | null;
  /**
   * Decides, once the client is authenticated and known to be registered for the grant.
   *
   * @param client who asks
   * @param user as {@link userOf} finds
   * @param accounts what was looked up
   * @throws Refusal
   */
  authorize(client: Client, user: User | null, accounts: Accounts): Promise<Authorization>;
}

/** One `grant_type` (RFC 6749 §1.3). */
export interface Grant {
  readonly grantType: GrantType;
  /**
   * Reads what the grant needs from the request, without touching storage.
   *
   * @throws Refusal for what must be refused before the client is authenticated
   */
  prepare(request: GrantRequest, tools: GrantTools): Promise<PreparedGrant>;
}

/**
 * Checked before anything that the grant proves: a client that may not use a grant must learn
 * nothing by it, such as whether a password is right.
 *
 * @throws Refusal when the client is not registered for the grant
 */
export function requireGrantAllowed(client: Client, { grantType }: Grant): void {
  if (!client.grantTypes.includes(grantType)) throw new Refusal("grant_not_allowed");
}

/** The service's lifetimes, with what the client sets of its own. */
export function lifetimesOf(client: Client, defaults: Lifetimes): Lifetimes {
  return {
    accessTokenSeconds: client.accessTokenTtlSeconds ?? defaults.accessTokenSeconds,
    refreshIdleSeconds: client.refreshIdleTtlSeconds ?? defaults.refreshIdleSeconds,
    refreshAbsoluteSeconds: client.refreshAbsoluteTtlSeconds ?? defaults.refreshAbsoluteSeconds,
  };
}
