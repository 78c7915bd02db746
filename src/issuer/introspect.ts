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

/** What a token grants, before its client and user are looked at. */
interface Grounds {
  readonly content: AccessTokenContent;
  /** When the login, or the client's own request, took place. */
  readonly authorizedAtMs: number;
  /**
   * Of a JWT of version 0.1, whose `jti` is bound to nothing: when it was issued according to that.
   * It is accepted for the lifetime of its client's tokens after that, so that none that was made
   * before an upgrade dies early, and a stolen signing key cannot give an old `jti` a longer life.
   */
  readonly unboundSinceMs?: number;
}

/** An access token whose look-ups are started; see {@link locate}. */
export type LocatedToken =
  | {
      readonly kind: "own";
      /** Null: the token has expired, or its family has ended or gone on. */
      readonly grounds: Promise<Grounds | null>;
      readonly client: Lookup<Client | null>;
      /** Null: the client acts for itself. */
      readonly user: Lookup<User | null> | null;
      /** Whether the token, or the session that it belongs to, was ended by itself. */
      readonly isEnded: Lookup<boolean> | null;
    }
  | { readonly kind: "imported"; readonly login: Lookup<ImportedLogin | null> };

type FamilyReference = Extract<AccessTokenReference, { readonly kind: "family" }>;

/**
 * Tells whether an access token is valid at this moment, exactly: a revoked family, a rotated
 * generation, a deactivated user or client and a changed password show at once.
 *
 * @returns null when it is not valid; a forged token costs no storage operation
 * @throws Unavailable when storage fails, Refusal `family_busy` when its object is asked too often
 */
export async function introspect(
  token: string,
  lookups: Lookups,
  deps: IntrospectDeps,
): Promise<ActiveToken | null> {
  const located = await locate(token, lookups, deps);
  return located && judge(located, deps);
}

/**
 * The first half of {@link introspect}, for a caller with look-ups of its own: it starts those of
 * the token, so that all travel to D1 together. Only the family's object, or KV for an opaque token
 * without a family, knows whose an opaque token is, and is asked before.
 *
 * @returns null when the token is not valid; it may still turn out not to be valid
 */
export async function locate(
  token: string,
  lookups: Lookups,
  deps: IntrospectDeps,
): Promise<LocatedToken | null> {
  const recognized = await recognize(token, deps);
  if (recognized === null) {
    const hash = deps.acceptsImportedTokens ? await importedTokenHash(token) : null;
    return hash === null ? null : { kind: "imported", login: lookups.importedLogin(hash) };
  }
  const { reference, content } = recognized;
  if (reference.kind === "single") {
    const grounds = await singleGrounds(token, recognized, reference, deps);
    if (grounds === null) return null;
    const isEnded = lookups.isRevoked(reference.nonce);
    return locateAccounts(grounds.content, Promise.resolve(grounds), isEnded, lookups);
  }
  const asked = familyGrounds(reference, deps);
  // A JWT says whose it is: its family is asked at the same time as D1.
  const known = content ?? (await asked)?.content ?? null;
  // A caller that is rejected before the result is needed leaves it unread.
  asked.catch(() => undefined);
  if (known === null) return null;
  const { familyId } = reference;
  const userId = known.subject;
  const isEnded = userId === null ? null : lookups.isSessionEnded({ userId, familyId });
  return locateAccounts(known, asked, isEnded, lookups);
}

function locateAccounts(
  { clientId, subject }: AccessTokenContent,
  grounds: Promise<Grounds | null>,
  isEnded: Lookup<boolean> | null,
  lookups: Lookups,
): LocatedToken {
  const user = subject === null ? null : lookups.user(subject);
  return { kind: "own", grounds, client: lookups.client(clientId), user, isEnded };
}

/**
 * The second half of {@link introspect}.
 *
 * @returns null when its family, client, user or an earlier revocation ended the token
 * @throws Unavailable, Refusal `family_busy`
 */
export async function judge(
  located: LocatedToken,
  deps: IntrospectDeps,
): Promise<ActiveToken | null> {
  if (located.kind === "imported") {
    const login = await located.login;
    const grounds = login && importedGrounds(login);
    return grounds && activeToken(grounds, login.client, login.user, deps);
  }
  // All at once: the object of a family may still be asked while D1 is.
  const [grounds, isEnded, client, user] = await Promise.all([
    located.grounds,
    located.isEnded,
    located.client,
    located.user,
  ]);
  if (grounds === null || isEnded === true) return null;
  return activeToken(grounds, client, user, deps);
}

function activeToken(
  { content, authorizedAtMs, unboundSinceMs }: Grounds,
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

function importedGrounds({ token }: ImportedLogin): Grounds | null {
  if (token.kind === "refresh") return null;
  const { clientId, userId: subject, scope, issuedAtMs, expiresAtMs, importedAtMs } = token;
  const content = { clientId, subject, scope, audience: null, claims: {}, issuedAtMs, expiresAtMs };
  return { content, authorizedAtMs: importedAtMs };
}

/** Only an opaque token without a family needs KV. */
async function singleGrounds(
  token: string,
  { content: ownContent, isBound }: RecognizedToken,
  { authorizedAtMs }: Extract<AccessTokenReference, { readonly kind: "single" }>,
  { accessTokens, clock }: IntrospectDeps,
): Promise<Grounds | null> {
  const content = ownContent ?? (await accessTokens.get(token));
  if (content === null || clock() >= content.expiresAtMs) return null;
  const grounds = { content, authorizedAtMs };
  return isBound ? grounds : { ...grounds, unboundSinceMs: authorizedAtMs };
}

/** The object of a family knows exactly what is live. */
async function familyGrounds(
  reference: FamilyReference,
  { families, clock }: IntrospectDeps,
): Promise<Grounds | null> {
  const family = await families.inspect(reference.familyId);
  if (family === null || !isAccessTokenLive(family, reference.generation, clock())) return null;
  const { clientId, subject, createdAtMs: authorizedAtMs, live } = family;
  const { scope, audience, issuedAtMs, accessTokenExpiresAtMs: expiresAtMs } = live;
  const content = { clientId, subject, scope, audience, claims: {}, issuedAtMs, expiresAtMs };
  return { content, authorizedAtMs };
}

/**
 * Tells what an access token grants as KV has it, or as a JWT says itself: fast, and late to learn
 * of a revocation. A revoked opaque token may be accepted for the minute that KV needs to forget
 * it; a JWT, any token that was rotated or whose user or client was deactivated, and one that a
 * refresh was about to write while its family was revoked, until it expires. Only D1 knows imported
 * tokens, so for them the answer is exact.
 *
 * @returns null when the token is forged, expired or forgotten
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
