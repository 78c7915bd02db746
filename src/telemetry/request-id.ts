/** A `cf-ray`: 64 bits in hexadecimal, and the data centre. */
const CF_RAY = /^[0-9a-f]{16}(?:-[A-Z]{3})?$/;

/**
 * The id of a request. Cloudflare gives each one that it forwards a `cf-ray`, and replaces what a
 * caller sends under that name, so that it is found in Cloudflare's own logs too. A caller's
 * `X-Request-Id` is never taken: it is the caller's text, and anyone could reuse another's.
 *
 * @param newId for where there is no Cloudflare in front
 */
export function requestIdOf(headers: Headers, newId: () => string): string {
  const ray = headers.get("cf-ray");
  return ray !== null && CF_RAY.test(ray) ? ray : newId();
}
