import type { AccessTokenStore } from "../storage/access-tokens.ts";
import type { AccessTokenContent } from "../tokens/access-token.ts";
import { type IdentifyTools, identify } from "./identify.ts";

/**
 * Tells what an access token grants as KV has it, or as a JWT says itself: fast, and late to learn
 * of a revocation. A revoked opaque token may pass for the minute that KV needs to forget it; a
 * JWT, and any token that was rotated away or whose user or client was deactivated, until it
 * expires.
 *
 * @returns null when the token is forged, expired or forgotten
 * @throws Unavailable when KV fails
 */
export async function recall(
  token: string,
  tools: IdentifyTools & { readonly accessTokens: AccessTokenStore },
): Promise<AccessTokenContent | null> {
  const identified = await identify(token, tools);
  if (identified === null) return null;
  const content = identified.content ?? (await tools.accessTokens.get(token));
  return content !== null && tools.clock() < content.expiresAtMs ? content : null;
}
