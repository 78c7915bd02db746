import type { AccessTokenStore } from "../storage/access-tokens.ts";
import type { Client } from "../storage/clients.ts";
import type { FamilyStore } from "../storage/families.ts";
import type { ImportedLogin, Lookup, Lookups } from "../storage/lookups.ts";
import type { User } from "../storage/users.ts";
import type { AccessTokenContent, AccessTokenReference } from "../tokens/access-token.ts";
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
      /** Null: the token has expired, or its family has ended or was rotated. */
      readonly facts: Promise<TokenFacts | null>;
      readonly client: Lookup<Client | null>;
      /** Null: the client acts for itself. */
      readonly user: Lookup<User | null> | null;
      /** Whether the token was revoked, or its session ended. */
      readonly isEnded: Lookup<boolean> | null;
    }
  | { readonly kind: "imported"; readonly login: Lookup<ImportedLogin | null> };

type FamilyReference = Extract<AccessTokenReference, { readonly kind: "family" }>;

/**
 * Checks exactly whether an access token is valid now: sees a revoked family, a rotated generation,
 * a deactivated user or client, and a changed password at once.
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
 * token, so that all share one D1 batch. For an opaque token, its client and user are read first,
 * from the family's object, or from KV for a token without a family.
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
  const asked = familyFacts(reference, deps);
  // A JWT contains its client and user, so its family is read in parallel with D1.
  const known = content ?? (await asked)?.content ?? null;
  // If the caller is rejected first, the result is never awaited.
  asked.catch(() => undefined);
  if (known === null) return null;
  const { familyId } = reference;
  const userId = known.subject;
  const isEnded = userId === null ? null : lookups.isSessionEnded({ userId, familyId });
  return startAccountLookups(known, asked, isEnded, lookups);
}

function startAccountLookups(
  { clientId, subject }: AccessTokenContent,
  facts: Promise<TokenFacts | null>,
  isEnded: Lookup<boolean> | null,
  lookups: Lookups,
): PendingIntrospection {
  const user = subject === null ? null : lookups.user(subject);
  return { kind: "own", facts, client: lookups.client(clientId), user, isEnded };
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
    return facts && activeToken(facts, login.client, login.user, deps);
  }
  // In parallel: the family's object may still be pending.
  const [facts, isEnded, client, user] = await Promise.all([
    pending.facts,
    pending.isEnded,
    pending.client,
    pending.user,
  ]);
  if (facts === null || isEnded === true) return null;
  return activeToken(facts, client, user, deps);
}

function activeToken(
  { content, authorizedAtMs, unboundSinceMs }: TokenFacts,
  client: Client | null,
  user: User | null,
  { accessTokenSeconds, clock }: IntrospectDeps,
): ActiveToken | null {
  if (client === null || client.isDisabled || authorizedAtMs < client.notBeforeMs) return null;
  const lifetimeMs = (client.accessTokenTtlSeconds ?? accessTokenSeconds) * 1000;
  if (unboundSinceMs !== undefined && clock() >= unboundSinceMs + lifetimeMs) return null;
  if (content.subject === null) return { ...content, claims: client.claims, username: null };
  if (!user?.isActive || authorizedAtMs < user.notBeforeMs) return null;
  return { ...content, claims: { ...client.claims, ...user.claims }, username: user.username };
}

function importedFacts({ token }: ImportedLogin): TokenFacts | null {
  if (token.kind === "refresh") return null;
  const { clientId, userId: subject, scope, issuedAtMs, expiresAtMs, importedAtMs } = token;
  const content = { clientId, subject, scope, audience: null, claims: {}, issuedAtMs, expiresAtMs };
  return { content, authorizedAtMs: importedAtMs };
}

/** Only an opaque token without a family needs KV. */
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
  { families, clock }: IntrospectDeps,
): Promise<TokenFacts | null> {
  const family = await families.inspect(reference.familyId);
  if (family === null || !isAccessTokenLive(family, reference.generation, clock())) return null;
  const { clientId, subject, createdAtMs: authorizedAtMs, live } = family;
  const { scope, audience, issuedAtMs, accessTokenExpiresAtMs: expiresAtMs } = live;
  const content = { clientId, subject, scope, audience, claims: {}, issuedAtMs, expiresAtMs };
  return { content, authorizedAtMs };
}

/**
 * Checks an access token with KV, or the content of a JWT: fast, but sees a revocation late. A
 * revoked opaque token may be accepted for a minute, KV's propagation time. Accepted until they
 * expire: JWTs, rotated tokens, tokens of a deactivated user or client, and a token that a refresh
 * wrote while its family was being revoked. Imported tokens are checked exactly, since only D1 has
 * them.
 *
 * @returns null if the token is forged, expired or not in KV
 * @throws Unavailable when storage fails
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
  const content = recognized.content ?? (await deps.accessTokens.get(token));
  return content !== null && deps.clock() < content.expiresAtMs ? content : null;
}
