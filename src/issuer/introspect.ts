import type { Client } from "../clients/client.ts";
import type { AccessTokenStore } from "../storage/access-tokens.ts";
import { type Consent, isRevokedSince } from "../storage/consents.ts";
import type { FamilyStore } from "../storage/families.ts";
import type { ImportedLogin } from "../storage/imported-tokens.ts";
import type { Lookup, Lookups } from "../storage/lookups.ts";
import type { User } from "../storage/users.ts";
import {
  type AccessTokenContent,
  type AccessTokenReference,
  generationContent,
} from "../tokens/access-token.ts";
import { isAccessTokenLive } from "../tokens/family.ts";
import { importedTokenHash } from "../tokens/imported-token.ts";
import { type RecognizeDeps, type RecognizedToken, recognize } from "./recognize.ts";

/** An access token that is valid now, and what it grants. */
export interface ActiveToken extends AccessTokenContent {
  /** Null where there is no subject. */
  readonly username: string | null;
}

/** What introspecting needs. */
export interface IntrospectDeps extends RecognizeDeps {
  readonly accessTokens: AccessTokenStore;
  readonly families: FamilyStore;
  readonly acceptsImportedTokens: boolean;
  /** Lifetime of access tokens of clients that set none of their own. */
  readonly accessTokenSeconds: number;
}

/** What a token grants, before its client and user are checked. */
interface TokenFacts {
  readonly content: AccessTokenContent;
  /** When the login, or the client's own request, happened. */
  readonly authorizedAtMs: number;
  /**
   * For a JWT of version 0.1, whose `jti` is not bound to its claims: the time of issue in the
   * `jti`. The token is accepted for the client's token lifetime after it: tokens from before an
   * upgrade stay valid, and a stolen signing key cannot extend the life of an old `jti`.
   */
  readonly unboundSinceMs?: number;
}

/** An access token whose lookups have started; see {@link startIntrospection}. */
export type PendingIntrospection =
  | {
      readonly kind: "own";
      /** What it says itself. */
      readonly subject: string | null;
      /** Null: the token has expired, or its family has ended or was rotated. */
      readonly facts: Promise<TokenFacts | null>;
      readonly client: Lookup<Client | null>;
      /** Null: the client acts for itself. */
      readonly user: Lookup<User | null> | null;
      readonly consent: Lookup<Consent | null> | null;
      /** Whether the token was revoked, or its session ended. */
      readonly isEnded: Lookup<boolean> | null;
    }
  | { readonly kind: "imported"; readonly login: Lookup<ImportedLogin | null> };

type FamilyReference = Extract<AccessTokenReference, { readonly kind: "family" }>;

/**
 * Checks exactly whether an access token is valid now: sees a revoked family, a rotated generation,
 * a deactivated user or client, a changed password, a revoked consent and an ended browser session
 * at once.
 *
 * @returns null if it is not valid; a forged token costs no storage operation
 * @throws Unavailable when storage fails, Refusal `family_busy` when its object is called too often
 */
export async function introspect(
  token: string,
  lookups: Lookups,
  deps: IntrospectDeps,
): Promise<ActiveToken | null> {
  const pending = await startIntrospection(token, lookups, deps);
  return pending && finishIntrospection(pending, deps);
}

/**
 * The first half of {@link introspect}, for callers with other lookups: starts the lookups of the
 * token, so that all share one D1 batch, in parallel with its family. Only for an opaque token of
 * an earlier version are its client and user read first, from the family's object or from KV.
 *
 * @returns null if the token is not valid; {@link finishIntrospection} completes the check
 */
export async function startIntrospection(
  token: string,
  lookups: Lookups,
  deps: IntrospectDeps,
): Promise<PendingIntrospection | null> {
  const recognized = await recognize(token, deps);
  if (recognized === null) {
    const hash = deps.acceptsImportedTokens ? await importedTokenHash(token) : null;
    return hash === null ? null : { kind: "imported", login: lookups.importedLogin(hash) };
  }
  const { reference, content } = recognized;
  if (reference.kind === "single") {
    const facts = await singleFacts(token, recognized, reference, deps);
    if (facts === null) return null;
    const isEnded = lookups.isRevoked(reference.nonce);
    return startAccountLookups(facts.content, Promise.resolve(facts), isEnded, lookups);
  }
  const asked = familyFacts(reference, content?.claimNames, deps);
  // The token contains its client and user, so its family is read in parallel with D1.
  const known = content ?? (await asked)?.content ?? null;
  // If the caller is rejected first, the result is never awaited.
  asked.catch(() => undefined);
  if (known === null) return null;
  const { familyId } = reference;
  const userId = known.subject;
  const isEnded =
    userId === null ? null : lookups.isSessionEnded({ userId, familyId, browser: "unknown" });
  return startAccountLookups(known, asked, isEnded, lookups);
}

function startAccountLookups(
  { clientId, subject }: AccessTokenContent,
  facts: Promise<TokenFacts | null>,
  isEnded: Lookup<boolean> | null,
  lookups: Lookups,
): PendingIntrospection {
  const user = subject === null ? null : lookups.user(subject);
  const consent = subject === null ? null : lookups.consent(subject, clientId);
  const client = lookups.client(clientId);
  return { kind: "own", subject, facts, client, user, consent, isEnded };
}

/**
 * The second half of {@link introspect}.
 *
 * @returns null if the token is not valid
 * @throws Unavailable, Refusal `family_busy`
 */
export async function finishIntrospection(
  pending: PendingIntrospection,
  deps: IntrospectDeps,
): Promise<ActiveToken | null> {
  if (pending.kind === "imported") {
    const login = await pending.login;
    const facts = login && importedFacts(login);
    return facts && activeToken(facts, login, deps);
  }
  // In parallel: the family's object may still be pending.
  const [facts, isEnded, client, user, consent] = await Promise.all([
    pending.facts,
    pending.isEnded,
    pending.client,
    pending.user,
    pending.consent,
  ]);
  if (facts === null || isEnded === true) return null;
  return activeToken(facts, { client, user, consent }, deps);
}

function activeToken(
  { content, authorizedAtMs, unboundSinceMs }: TokenFacts,
  { client, user, consent }: Pick<ImportedLogin, "client" | "user" | "consent">,
  { accessTokenSeconds, clock }: IntrospectDeps,
): ActiveToken | null {
  if (client === null || client.isDisabled || authorizedAtMs < client.notBeforeMs) return null;
  const lifetimeMs = (client.accessTokenTtlSeconds ?? accessTokenSeconds) * 1000;
  if (unboundSinceMs !== undefined && clock() >= unboundSinceMs + lifetimeMs) return null;
  if (content.subject === null) return { ...content, claims: client.claims, username: null };
  if (!user?.isActive || authorizedAtMs < user.notBeforeMs) return null;
  if (isRevokedSince(consent, authorizedAtMs, client)) return null;
  return { ...content, claims: { ...client.claims, ...user.claims }, username: user.username };
}

function importedFacts({ token }: ImportedLogin): TokenFacts | null {
  if (token.kind === "refresh") return null;
  const { clientId, userId: subject, scope, issuedAtMs, expiresAtMs, importedAtMs } = token;
  const content = { clientId, subject, scope, audience: null, claims: {}, issuedAtMs, expiresAtMs };
  return { content, authorizedAtMs: importedAtMs };
}

/** Only a token of an earlier version needs KV. */
async function singleFacts(
  token: string,
  { content: ownContent, isBound }: RecognizedToken,
  { authorizedAtMs }: Extract<AccessTokenReference, { readonly kind: "single" }>,
  { accessTokens, clock }: IntrospectDeps,
): Promise<TokenFacts | null> {
  const content = ownContent ?? (await accessTokens.get(token));
  if (content === null || clock() >= content.expiresAtMs) return null;
  const facts = { content, authorizedAtMs };
  return isBound ? facts : { ...facts, unboundSinceMs: authorizedAtMs };
}

/** The family's object knows exactly which tokens are valid. */
async function familyFacts(
  reference: FamilyReference,
  claimNames: AccessTokenContent["claimNames"],
  { families, clock }: IntrospectDeps,
): Promise<TokenFacts | null> {
  const family = await families.inspect(reference.familyId);
  if (family === null || !isAccessTokenLive(family, reference.generation, clock())) return null;
  const content = { ...generationContent(family, family.live), claimNames };
  return { content, authorizedAtMs: family.createdAtMs };
}

/**
 * Until this age a token is not read from KV, in milliseconds: it is written after the response,
 * and KV would cache a miss. A write gets as long; see `DEADLINE_MS`.
 */
const UNWRITTEN_MS_MAX = 5_000;

/**
 * Checks an access token with KV, or the content of a JWT: fast, but sees a revocation late. A
 * revoked opaque token may be accepted for a minute, KV's propagation time. Accepted until they
 * expire: JWTs, rotated tokens, and tokens of a deactivated user or client, of a revoked consent,
 * or of an ended browser session. A token that KV does not have is checked exactly: its write may
 * be in progress or have failed. So are imported tokens.
 *
 * @returns null if the token is not valid
 * @throws Unavailable when storage other than KV fails
 */
export async function verifyFast(
  token: string,
  lookups: Lookups,
  deps: IntrospectDeps,
): Promise<AccessTokenContent | null> {
  const recognized = await recognize(token, deps);
  if (recognized === null) {
    return deps.acceptsImportedTokens ? introspect(token, lookups, deps) : null;
  }
  const { content, format } = recognized;
  if (format === "jwt") return content;
  const ageMs = content === null ? Number.POSITIVE_INFINITY : deps.clock() - content.issuedAtMs;
  const stored = ageMs < UNWRITTEN_MS_MAX ? null : await readStored(token, deps);
  if (stored === null) return introspect(token, lookups, deps);
  return deps.clock() < stored.expiresAtMs ? stored : null;
}

/** Null: KV does not have the token, or fails. */
async function readStored(
  token: string,
  { accessTokens }: IntrospectDeps,
): Promise<AccessTokenContent | null> {
  try {
    return await accessTokens.get(token);
  } catch {
    // The log line counts the call; the exact check decides.
    return null;
  }
}
