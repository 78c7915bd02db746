import type { Client, VerifiedClient } from "../clients/client.ts";
import type { Passwords } from "../crypto/passwords.ts";
import type { ClientAuthMethod } from "../protocol/names.ts";
import type { Params } from "../protocol/params.ts";
import type { RateLimiter } from "../rate-limit/rate-limiter.ts";
import type { ClientStore } from "../storage/clients.ts";
import type { Lookup } from "../storage/lookups.ts";
import type { SingleUseStore } from "../storage/single-use.ts";
import type { SecretCache } from "./secret-cache.ts";

/** A set of public keys (RFC 7517). */
export interface KeySet {
  readonly keys: readonly object[];
}

/** Where a request may carry the credentials of its client. */
export interface CredentialSource {
  /** The `Authorization` header as sent, or null. */
  readonly authorization: string | null;
  readonly params: Params;
  /** The caller's address, or null if the platform does not provide it. */
  readonly address: string | null;
  /** Valid values of the `aud` of an assertion. */
  readonly audiences: readonly string[];
}

/** What verifying a client's credentials needs. */
export interface ClientAuthDeps {
  readonly clients: ClientStore;
  readonly clientSecrets: Passwords;
  readonly rateLimiter: RateLimiter;
  readonly secretCache: SecretCache;
  readonly singleUse: SingleUseStore;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Lets work continue after the response; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

/**
 * Finds the public keys of a client, its own or those at its `jwks_uri`.
 *
 * @param wanted `newer`: the known ones did not verify a signature
 * @returns null if there are none
 * @throws Refusal `client_keys_unavailable`, Unavailable
 */
export type FindKeys = (client: Client, wanted: "known" | "newer") => Promise<KeySet | null>;

/** The credentials of a client as a request presents them. */
export interface PresentedCredentials {
  readonly clientId: string;
  /**
   * Verifies them. Takes the same time for an unknown client.
   *
   * @param lookup of the client with that id; null if there is none
   * @param findKeys only for clients whose method uses keys
   * @returns the client, now authenticated
   * @throws Refusal of a reason that becomes `invalid_client`, Unavailable
   */
  verify(lookup: Lookup<Client | null>, deps: ClientAuthDeps, findKeys: FindKeys): Promise<Client>;
  /**
   * The client for which this isolate last verified the same secret, some minutes ago at most. It
   * authenticates nothing. Null: the secret was rejected, or this isolate does not know it.
   */
  lastVerified?(deps: ClientAuthDeps): Promise<VerifiedClient | null>;
}

/** One way to authenticate a client (RFC 6749 §2.3). */
export interface ClientAuthenticator {
  /** The registered methods that it implements; the metadata lists them. */
  readonly methods: readonly ClientAuthMethod[];
  /** Signature algorithms that it accepts, where it accepts signatures. */
  readonly algorithms?: readonly string[];
  /** A request uses this method if it has one of these parameters, */
  readonly parameters: readonly string[];
  /** or this scheme in `Authorization`, in lower case. */
  readonly scheme?: string;
  /**
   * Reads the credentials of a request that uses this method. Malformed credentials are rejected:
   * there is no fallback to another method.
   *
   * @throws Refusal when the credentials are malformed or contradictory
   */
  read(source: CredentialSource): PresentedCredentials;
}
