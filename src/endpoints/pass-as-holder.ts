import { toHex } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/digest.ts";
import type { Deps } from "../deps.ts";
import { addressOf } from "./address.ts";

/**
 * Lets the holder of a bearer token through the address filter, before the token is looked up: one
 * that was good once can be sent again and again.
 *
 * @returns to be called when the token has turned out good: its holder need not pass for a while
 * @throws Refusal `address_throttled`
 */
export async function passAsHolder(
  request: Request,
  token: string,
  { addressFilter }: Pick<Deps, "addressFilter">,
): Promise<() => void> {
  const address = addressOf(request);
  // The filter keeps no token in the clear.
  const holder = toHex(await sha256(token));
  await addressFilter.pass(address, holder);
  return () => addressFilter.trust(address, holder);
}
