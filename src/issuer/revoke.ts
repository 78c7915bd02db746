import type { KeyRing } from "../crypto/key-ring.ts";
import type { AccessTokenStore } from "../storage/access-tokens.ts";
import type { FamilyStore } from "../storage/families.ts";
import type { ImportedTokenStore } from "../storage/imported-tokens.ts";
import type { Lookups } from "../storage/lookups.ts";
import type { RevokedTokenStore } from "../storage/revoked-tokens.ts";
import type { SessionStore } from "../storage/sessions.ts";
import { audit } from "../telemetry/request-log.ts";
import { digestOwner, generationContent, sealAccessToken } from "../tokens/access-token.ts";
import type { FamilyState, LazyFamily, RevocationReason } from "../tokens/family.ts";
import {
  type ImportedRefreshToken,
  type ImportedToken,
  importedTokenHash,
} from "../tokens/imported-token.ts";
import { unsealRefreshToken } from "../tokens/refresh-token.ts";
import { importedFamily } from "./imported.ts";
import { type RecognizeDeps, recognize } from "./recognize.ts";

/** What ending a family needs. */
export interface EndFamilyDeps {
  readonly families: FamilyStore;
  readonly accessTokens: AccessTokenStore;
  readonly accessTokenRing: KeyRing;
  readonly sessions: SessionStore;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Waits for that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** Lets work continue after the response; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** What revoking needs. */
export interface RevokeDeps extends EndFamilyDeps, RecognizeDeps {
  readonly refreshTokenRing: KeyRing;
  readonly revokedTokens: RevokedTokenStore;
  /** Null: tokens of another server are not accepted. */
  readonly importedTokens: ImportedTokenStore | null;
}

const BY_CLIENT: RevocationReason = "client_request";

/** No access token lives longer than a year under any settings. */
const ACCESS_TOKEN_MS_MAX = 366 * 86_400_000;

/**
 * After this time no write of a token that was revoked is in progress, in milliseconds: a request
 * gives up on its rotation, and then on its write, after `DEADLINE_MS` each. With the deadlines of
 * both deletes it fits into the 30 seconds that the platform grants after a response.
 */
const WRITES_END_MS = 10_000;

/**
 * Revokes a token of that client and its family: either token of a pair revokes both (RFC 7009
 * §2.1). Does nothing for a token that is unknown, already revoked or another client's, and does
 * not reveal which. The cost does not depend on the family's age.
 *
 * @throws Unavailable when storage fails; retry
 * @throws Refusal `family_busy` when the family's object is called too often
 */
export async function revokeToken(
  token: string,
  clientId: string,
  lookups: Lookups,
  deps: RevokeDeps,
): Promise<void> {
  const refreshToken = await unsealRefreshToken(deps.refreshTokenRing, token);
  if (refreshToken !== null) return endFamily(refreshToken.familyId, clientId, BY_CLIENT, deps);
  // An expired token still identifies its family, whose refresh token may be valid.
  const recognized = await recognize(token, { ...deps, clock: () => 0 });
  if (recognized === null) return revokeImported(token, clientId, lookups, deps);
  const { reference, content } = recognized;
  if (reference.kind === "family") {
    return endFamily(reference.familyId, clientId, BY_CLIENT, deps);
  }
  if (reference.owner !== (await digestOwner(clientId))) return;
  // A token of an earlier version does not contain its expiry.
  const expiresAtMs = content?.expiresAtMs ?? reference.authorizedAtMs + ACCESS_TOKEN_MS_MAX;
  // D1 for exact checks, at once; KV for fast ones, within a minute.
  await deps.revokedTokens.add(reference.nonce, expiresAtMs, deps.clock());
  audit({ action: "token_revoked", clientId });
  deps.defer(forgetToken(token, deps));
}

/**
 * Revokes a family of that client, for exact and fast checks. Can be repeated.
 *
 * @param lazyFamily of a family that may not have begun
 * @throws Unavailable when storage fails; retry
 * @throws Refusal `family_busy` when the family's object is called too often
 */
export async function endFamily(
  familyId: string,
  clientId: string,
  reason: RevocationReason,
  deps: EndFamilyDeps,
  lazyFamily?: LazyFamily,
): Promise<void> {
  const nowMs = deps.clock();
  const ended = await deps.families.revoke(familyId, clientId, reason, nowMs, lazyFamily);
  if (ended === null) return;
  // Only the first call: otherwise the holder of a token could flood the queue.
  const isNew = ended.revoked?.atMs === nowMs && ended.revoked.reason === reason;
  if (isNew) audit({ action: "family_revoked", clientId, familyId, reason });
  forgetFamily({ ...ended, familyId }, deps);
}

type EndedFamily = Pick<FamilyState, "clientId" | "subject" | "live"> & {
  readonly familyId: string;
};

/**
 * Removes an ended family from the list of sessions and, for fast checks, which do not call its
 * object, from KV. Both after the response: the object has ended the family.
 */
export function forgetFamily(family: EndedFamily, deps: EndFamilyDeps): void {
  deps.defer(deps.sessions.remove(family.subject, family.familyId));
  deps.defer(forgetAccessToken(family, deps));
}

async function forgetAccessToken(family: EndedFamily, deps: EndFamilyDeps): Promise<void> {
  const { familyId, live } = family;
  const key = deps.accessTokenRing.keys.get(live.keyId);
  // A token whose key has retired is not valid.
  if (key === undefined) return;
  const reference = { kind: "family", familyId, generation: live.generation } as const;
  const content = live.sealsContent === true ? generationContent(family, live) : null;
  await forgetToken(await sealAccessToken(key, { reference, content }), deps);
}

/** Deletes a token from KV, and again when no late write can bring it back. */
async function forgetToken(
  token: string,
  { accessTokens, wait }: Pick<EndFamilyDeps, "accessTokens" | "wait">,
): Promise<void> {
  // It fails if the token was written within this second, which is why it fails quietly.
  await accessTokens.delete(token).catch(() => undefined);
  await wait(WRITES_END_MS);
  await accessTokens.delete(token);
}

/**
 * Revokes a token of another server: first in the object, which rejects the refresh token from then
 * on, used before or not; then in D1, for its access token.
 */
async function revokeImported(
  token: string,
  clientId: string,
  lookups: Lookups,
  deps: RevokeDeps,
): Promise<void> {
  const hash = deps.importedTokens === null ? null : await importedTokenHash(token);
  const imported = hash === null ? null : ((await lookups.importedLogin(hash))?.token ?? null);
  if (imported?.clientId !== clientId) return;
  const refreshToken = await findRefreshToken(imported, lookups);
  if (refreshToken === null) {
    // Under its hash, since it has no nonce. The next import must not add it again.
    await deps.revokedTokens.add(imported.hash, imported.expiresAtMs, deps.clock());
    await deps.importedTokens?.remove(imported.hash);
    return audit({ action: "token_revoked", clientId });
  }
  const { predecessor, lazyFamily } = importedFamily(refreshToken, deps.families);
  await endFamily(predecessor.familyId, clientId, BY_CLIENT, deps, lazyFamily);
  await deps.importedTokens?.consume(refreshToken.hash);
}

/** The refresh token of a pair, or null if there was none, or it has expired. */
async function findRefreshToken(
  imported: ImportedToken,
  lookups: Lookups,
): Promise<ImportedRefreshToken | null> {
  if (imported.kind === "refresh") return imported;
  const { refreshTokenHash: hash } = imported;
  const found = hash === null ? null : ((await lookups.importedLogin(hash))?.token ?? null);
  return found?.kind === "refresh" ? found : null;
}
