import type { KeyRing } from "../crypto/key-ring.ts";
import { audit } from "../telemetry/audit.ts";
import type { AccessTokenContent } from "../tokens/access-token.ts";
import { unsealRefreshToken } from "../tokens/refresh-token.ts";
import { identify } from "./identify.ts";
import type { InspectTools } from "./inspect.ts";
import { forgetAccessToken } from "./issue.ts";

/** What revoking needs. */
export interface RevokeTools extends InspectTools {
  readonly refreshTokenRing: KeyRing;
}

/**
 * Ends a token of that client for ever, and with it everything of its family: either token of a
 * pair ends both (RFC 7009 §2.1). A token that is unknown, already revoked or another client's is
 * left alone, and nobody learns which. The cost does not depend on the family's age.
 *
 * @throws Unavailable when storage fails; it can be asked for again
 */
export async function revoke(token: string, clientId: string, tools: RevokeTools): Promise<void> {
  const refreshToken = await unsealRefreshToken(tools.refreshTokenRing, token);
  if (refreshToken !== null) return revokeFamily(refreshToken.familyId, clientId, tools);
  const identified = await identify(token, tools);
  if (identified === null) return;
  const { reference, content: ownContent } = identified;
  if (reference.kind === "family") return revokeFamily(reference.familyId, clientId, tools);
  const content = ownContent ?? (await tools.accessTokens.get(token));
  if (content?.clientId === clientId) await revokeSingle(token, reference.nonce, content, tools);
}

async function revokeFamily(familyId: string, clientId: string, tools: RevokeTools): Promise<void> {
  const nowMs = tools.clock();
  const ended = await tools.families.revoke(familyId, clientId, "client_request", nowMs);
  if (ended === null) return;
  audit({ action: "family_revoked", clientId, familyId, reason: "client_request" });
  await forgetAccessToken(familyId, ended, tools);
}

/**
 * KV forgets within a minute elsewhere; D1 knows at once, for those who ask exactly. D1 first: a
 * retry must still find in KV whose token it is.
 */
async function revokeSingle(
  token: string,
  nonce: string,
  { clientId, expiresAtMs }: AccessTokenContent,
  { accounts, accessTokens, clock }: RevokeTools,
): Promise<void> {
  await accounts.revokeNonce(nonce, expiresAtMs, clock());
  audit({ action: "token_revoked", clientId });
  await accessTokens.delete(token);
}
