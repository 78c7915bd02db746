import { concat } from "../crypto/bytes.ts";
import { Refusal } from "../protocol/refusal.ts";

/** Longest body that is used, in bytes. */
export const BODY_BYTES_MAX = 16 * 1024;

/**
 * How much of a longer body is read and dropped before it is refused, in bytes. Answered unread,
 * `wrangler dev`'s proxy turns the refusal into a 500 of its own.
 */
const DRAINED_BYTES_MAX = 1024 * 1024;

/**
 * Reads a body whole, counting while it reads: a chunked body has no length to trust.
 *
 * @throws Refusal `body_too_large` past {@link BODY_BYTES_MAX}
 */
export async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length <= BODY_BYTES_MAX) chunks.push(value);
    else chunks.length = 0;
    if (length > DRAINED_BYTES_MAX) {
      await reader.cancel();
      break;
    }
  }
  if (length > BODY_BYTES_MAX) throw new Refusal("body_too_large");
  return concat(...chunks);
}
