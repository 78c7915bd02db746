import type { KeyRing } from "../crypto/key-ring.ts";
import { audit } from "../telemetry/audit.ts";
import { ownerOf } from "../tokens/access-token.ts";
import type { Adoption, RevocationReason } from "../tokens/family.ts";
import type { ImportedRefreshToken, ImportedToken } from "../tokens/imported-token.ts";
import { unsealRefreshToken } from "../tokens/refresh-token.ts";
import { adopt } from "./adopt.ts";
import { type EndTools, forgetFamily } from "./end.ts";
import { identify } from "./identify.ts";
import { findImported } from "./imported.ts";
import type { InspectTools } from "./inspect.ts";

/** What revoking needs. */
export interface RevokeTools extends InspectTools, EndTools {
  readonly refreshTokenRing: KeyRing;
}

/**
 * Ends a token of that client for ever, and with it everything of its family: either token of a
 * pair ends both (RFC 7009 §2.1). A token that is unknown, already revoked or another client's is
 * left alone, and nobody learns which. The cost does not depend on the family's age.
 *
 * @throws Unavailable when storage fails; it can be asked for again
 * @throws Refusal `family_busy` when the family's object is asked too much
 */
export async function revoke(token: string, clientId: string, tools: RevokeTools): Promise<void> {
  const refreshToken = await unsealRefreshToken(tools.refreshTokenRing, token);
  if (refreshToken !== null) return endFamily(refreshToken.familyId, clientId, BY_CLIENT, tools);
  // An expired JWT still names its family, whose refresh token may be live.
  const identified = await identify(token, { ...tools, clock: () => 0 });
  if (identified === null) {
    const imported = await findImported(token, tools);
    return imported?.clientId === clientId ? revokeImported(imported, tools) : undefined;
  }
  const { reference, content: ownContent } = identified;
  if (reference.kind === "family") {
    return endFamily(reference.familyId, clientId, BY_CLIENT, tools);
  }
  if (reference.owner === (await ownerOf(clientId))) {
    const content = ownContent ?? (await tools.accessTokens.get(token));
    // KV may not have heard of a token that was made elsewhere a moment ago.
    const expiresAtMs = content?.expiresAtMs ?? reference.authorizedAtMs + ACCESS_TOKEN_MS_MAX;
    await revokeSingle(token, reference.nonce, clientId, expiresAtMs, tools);
  }
}

const BY_CLIENT: RevocationReason = "client_request";

/** No access token lives for more than a year, whatever the settings become. */
const ACCESS_TOKEN_MS_MAX = 366 * 86_400_000;

/**
 * Ends a family of that client, wherever its tokens are asked about. Ending it again is harmless.
 *
 * @param adoption of a family that may not have begun
 * @throws Unavailable when storage fails; it can be asked for again
 * @throws Refusal `family_busy` when the family's object is asked too much
 */
export async function endFamily(
  familyId: string,
  clientId: string,
  reason: RevocationReason,
  tools: EndTools & Pick<RevokeTools, "families" | "clock">,
  adoption?: Adoption,
): Promise<void> {
  const nowMs = tools.clock();
  const ended = await tools.families.revoke(familyId, clientId, reason, nowMs, adoption);
  if (ended === null) return;
  // An event for each time would let whoever has the token flood the queue.
  const isNew = ended.revoked?.atMs === nowMs && ended.revoked.reason === reason;
  if (isNew) audit({ action: "family_revoked", clientId, familyId, reason });
  await forgetFamily({ ...ended, familyId }, tools);
}

/**
 * The object first, which then refuses the refresh token for ever, used before or not; then D1, for
 * the access token that came with it.
 */
async function revokeImported(imported: ImportedToken, tools: RevokeTools): Promise<void> {
  const { clientId } = imported;
  const refreshToken = await refreshTokenOf(imported, tools);
  if (refreshToken === null) {
    // Under its hash, as it has no nonce: the next import must not bring it back.
    await tools.accounts.revokeNonce(imported.hash, imported.expiresAtMs, tools.clock());
    await tools.importedTokens?.remove(imported.hash);
    return audit({ action: "token_revoked", clientId });
  }
  const { predecessor, adoption } = adopt(refreshToken, tools.families);
  await endFamily(predecessor.familyId, clientId, BY_CLIENT, tools, adoption);
  await tools.importedTokens?.consume(refreshToken.hash);
}

/** The refresh token of a pair, or null when the access token came alone or outlived it. */
async function refreshTokenOf(
  imported: ImportedToken,
  { accounts }: RevokeTools,
): Promise<ImportedRefreshToken | null> {
  if (imported.kind === "refresh") return imported;
  const { refreshTokenHash: hash } = imported;
  if (hash === null) return null;
  const found = (await accounts.find({ importedHashes: [hash] })).importedToken(hash);
  return found?.kind === "refresh" ? found : null;
}

/** KV forgets within a minute elsewhere; D1 knows at once, for those who ask exactly. */
async function revokeSingle(
  token: string,
  nonce: string,
  clientId: string,
  expiresAtMs: number,
  { accounts, accessTokens, clock }: RevokeTools,
): Promise<void> {
  await accounts.revokeNonce(nonce, expiresAtMs, clock());
  audit({ action: "token_revoked", clientId });
  await accessTokens.delete(token);
}
