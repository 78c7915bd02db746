/** A `cf-ray`: 64 bits in hexadecimal, then the data centre. */
const CF_RAY = /^[0-9a-f]{16}(?:-[A-Z]{3})?$/;

/**
 * The id of a request: Cloudflare's `cf-ray`, which is also in Cloudflare's own logs, and which a
 * caller cannot set. A caller's `X-Request-Id` is ignored: it could repeat another request's id.
 *
 * @param newId makes the id where there is no Cloudflare in front
 */
export function chooseRequestId(headers: Headers, newId: () => string): string {
  const ray = headers.get("cf-ray");
  return ray !== null && CF_RAY.test(ray) ? ray : newId();
}
