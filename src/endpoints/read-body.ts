import { concat } from "../crypto/bytes.ts";
import { Refusal } from "../errors/refusal.ts";
import { BODY_BYTES_MAX } from "../protocol/params.ts";

/**
 * How much of a body that is too long is read and discarded, in bytes. If a response is sent before
 * the body is read, the proxy of `wrangler dev` replaces it with a 500.
 */
const DRAINED_BYTES_MAX = 1024 * 1024;

/**
 * Reads a body with a limit. Counts while reading, since a chunked body has no `Content-Length`.
 *
 * @throws Refusal `tooLarge` past so many bytes; `body_incomplete` for a body that breaks off
 */
export async function readBody(
  request: Request,
  bytesMax = BODY_BYTES_MAX,
  tooLarge: "body_too_large" | "json_too_large" = "body_too_large",
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read().catch(() => {
      throw new Refusal("body_incomplete");
    });
    if (done) break;
    length += value.length;
    if (length <= bytesMax) chunks.push(value);
    else chunks.length = 0;
    if (length > DRAINED_BYTES_MAX) {
      await reader.cancel();
      break;
    }
  }
  if (length > bytesMax) throw new Refusal(tooLarge);
  return concat(...chunks);
}
