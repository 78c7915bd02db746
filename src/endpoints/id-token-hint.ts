import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import { type IdTokenHint, readIdTokenHint } from "../issuer/id-token.ts";
import type { Browser } from "./browser.ts";

/**
 * Reads the parameter `id_token_hint` (OIDC Core §3.1.2.1, RP-Initiated Logout §2).
 *
 * @throws Refusal `id_token_hint_invalid`
 */
export async function readHint(
  hint: string | undefined,
  { issuerUrl }: Browser,
  { issuer }: Deps,
): Promise<IdTokenHint | null> {
  if (hint === undefined) return null;
  const read = await readIdTokenHint(hint, issuerUrl, issuer);
  if (read === null) throw new Refusal("id_token_hint_invalid");
  return read;
}
