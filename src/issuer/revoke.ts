import type { KeyRing } from "../crypto/key-ring.ts";
import type { AccessTokenStore } from "../storage/access-tokens.ts";
import type { FamilyStore } from "../storage/families.ts";
import type { ImportedTokenStore } from "../storage/imported-tokens.ts";
import type { Lookups } from "../storage/lookups.ts";
import type { RevokedTokenStore } from "../storage/revoked-tokens.ts";
import type { SessionStore } from "../storage/sessions.ts";
import { audit } from "../telemetry/request-log.ts";
import { digestOwner, sealAccessToken } from "../tokens/access-token.ts";
import type { FamilyState, RevocationReason, UnbegunFamily } from "../tokens/family.ts";
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

/** No access token lives for more than a year, whatever the settings become. */
const ACCESS_TOKEN_MS_MAX = 366 * 86_400_000;

/**
 * Ends a token of that client for ever, and with it everything of its family: either token of a
 * pair ends both (RFC 7009 §2.1). A token that is unknown, already revoked or another client's is
 * left alone, and the caller does not learn which. The cost does not depend on the family's age.
 *
 * @throws Unavailable when storage fails; it can be asked for again
 * @throws Refusal `family_busy` when the family's object is asked too often
 */
export async function revoke(
  token: string,
  clientId: string,
  lookups: Lookups,
  deps: RevokeDeps,
): Promise<void> {
  const refreshToken = await unsealRefreshToken(deps.refreshTokenRing, token);
  if (refreshToken !== null) return endFamily(refreshToken.familyId, clientId, BY_CLIENT, deps);
  // An expired JWT still names its family, whose refresh token may be live.
  const recognized = await recognize(token, { ...deps, clock: () => 0 });
  if (recognized === null) return revokeImported(token, clientId, lookups, deps);
  const { reference, content: ownContent } = recognized;
  if (reference.kind === "family") {
    return endFamily(reference.familyId, clientId, BY_CLIENT, deps);
  }
  if (reference.owner !== (await digestOwner(clientId))) return;
  const content = ownContent ?? (await deps.accessTokens.get(token));
  // KV may not know a token yet that was made elsewhere a moment ago.
  const expiresAtMs = content?.expiresAtMs ?? reference.authorizedAtMs + ACCESS_TOKEN_MS_MAX;
  // D1 knows at once, for those who ask exactly; KV forgets within a minute elsewhere.
  await deps.revokedTokens.add(reference.nonce, expiresAtMs, deps.clock());
  audit({ action: "token_revoked", clientId });
  await deps.accessTokens.delete(token);
}

/**
 * Ends a family of that client, wherever its tokens are asked about. Ending it again is harmless.
 *
 * @param unbegun of a family that may not have begun
 * @throws Unavailable when storage fails; it can be asked for again
 * @throws Refusal `family_busy` when the family's object is asked too often
 */
export async function endFamily(
  familyId: string,
  clientId: string,
  reason: RevocationReason,
  deps: EndFamilyDeps,
  unbegun?: UnbegunFamily,
): Promise<void> {
  const nowMs = deps.clock();
  const ended = await deps.families.revoke(familyId, clientId, reason, nowMs, unbegun);
  if (ended === null) return;
  // An event for each call would let the holder of a token flood the queue.
  const isNew = ended.revoked?.atMs === nowMs && ended.revoked.reason === reason;
  if (isNew) audit({ action: "family_revoked", clientId, familyId, reason });
  await forgetFamily({ ...ended, familyId }, deps);
}

/**
 * Takes a family that has ended out of KV and, after the response, out of the lists of sessions.
 * Its object knows already: this is for those who do not ask it.
 *
 * @throws Unavailable when KV fails
 */
export async function forgetFamily(
  {
    familyId,
    subject,
    live,
  }: Pick<FamilyState, "subject" | "live"> & { readonly familyId: string },
  { accessTokens, accessTokenRing, sessions, defer }: EndFamilyDeps,
): Promise<void> {
  defer(sessions.remove(subject, familyId));
  const key = accessTokenRing.find(live.keyId);
  // No client can present a token whose key has retired.
  if (key === undefined) return;
  const reference = { kind: "family", familyId, generation: live.generation } as const;
  await accessTokens.delete(await sealAccessToken(key, reference));
}

/**
 * Ends a token of another server. First the object, which rejects the refresh token for ever, used
 * before or not; then D1, for the access token that came with it.
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
    // Under its hash, since it has no nonce: the next import must not bring it back.
    await deps.revokedTokens.add(imported.hash, imported.expiresAtMs, deps.clock());
    await deps.importedTokens?.remove(imported.hash);
    return audit({ action: "token_revoked", clientId });
  }
  const { predecessor, unbegun } = importedFamily(refreshToken, deps.families);
  await endFamily(predecessor.familyId, clientId, BY_CLIENT, deps, unbegun);
  await deps.importedTokens?.consume(refreshToken.hash);
}

/** The refresh token of a pair, or null when the access token came alone or outlived it. */
async function findRefreshToken(
  imported: ImportedToken,
  lookups: Lookups,
): Promise<ImportedRefreshToken | null> {
  if (imported.kind === "refresh") return imported;
  const { refreshTokenHash: hash } = imported;
  const found = hash === null ? null : ((await lookups.importedLogin(hash))?.token ?? null);
  return found?.kind === "refresh" ? found : null;
}
