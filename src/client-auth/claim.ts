import type { Passwords } from "../crypto/passwords.ts";
import type { ClientAuthMethod } from "../protocol/names.ts";
import type { Params } from "../protocol/params.ts";
import type { AccountStore, Client } from "../storage/accounts.ts";
import type { AssertionStore } from "../storage/assertions.ts";
import type { Throttle } from "../throttle/throttle.ts";
import type { VerdictMemory } from "./verdict-memory.ts";

/** Where a request may carry the credentials of its client. */
export interface CredentialSource {
  /** The `Authorization` header as sent, or null. */
  readonly authorization: string | null;
  readonly params: Params;
  /** Where the request comes from, or null when the platform does not say. */
  readonly address: string | null;
  /** What this service is called in the `aud` of an assertion. */
  readonly audiences: readonly string[];
}

/** What proving a claim needs. */
export interface ClaimTools {
  readonly accounts: AccountStore;
  readonly clientSecrets: Passwords;
  readonly throttle: Throttle;
  readonly verdicts: VerdictMemory;
  readonly assertions: AssertionStore;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Lets work go on after the answer; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** Who a request says its client is, and how it means to prove it. */
export interface Claim {
  readonly clientId: string;
  /**
   * Proves the claim against what is registered; the same work for a client that does not exist.
   *
   * @param client the client of that id, or null when there is none
   * @returns the client, now authenticated
   * @throws Refusal of a kind that becomes `invalid_client`
   */
  prove(client: Client | null, tools: ClaimTools): Promise<Client>;
}

/** One way to authenticate a client (RFC 6749 §2.3). */
export interface ClientAuthenticator {
  /** The registrations that it satisfies; metadata lists them. */
  readonly methods: readonly ClientAuthMethod[];
  /** Signature algorithms that it takes, where it takes signatures. */
  readonly algorithms?: readonly string[];
  /**
   * Claims a request that uses this way, a malformed use included: it must not slide to another.
   *
   * @returns null when the request does not use it
   * @throws Refusal when the use is malformed or contradicts itself
   */
  claim(source: CredentialSource): Claim | null;
}
