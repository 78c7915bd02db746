import type { AccessTokenContent } from "../tokens/access-token.ts";
import { identify } from "./identify.ts";
import { type InspectTools, inspect } from "./inspect.ts";

/**
 * Tells what an access token grants as KV has it, or as a JWT says itself: fast, and late to learn
 * of a revocation. A revoked opaque token may pass for the minute that KV needs to forget it; a
 * JWT, any token that was rotated away or whose user or client was deactivated, and one that a
 * refresh was about to write while its family was revoked, until it expires. Of an imported token
 * D1 alone knows, and so exactly.
 *
 * @returns null when the token is forged, expired or forgotten
 * @throws Unavailable when storage fails
 */
export async function recall(
  token: string,
  tools: InspectTools,
): Promise<AccessTokenContent | null> {
  const identified = await identify(token, tools);
  if (identified === null) return tools.importedTokens && inspect(token, tools);
  const content = identified.content ?? (await tools.accessTokens.get(token));
  return content !== null && tools.clock() < content.expiresAtMs ? content : null;
}
