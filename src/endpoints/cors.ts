import type { Deps } from "../deps.ts";
import { addressOf } from "./address.ts";
import type { Exchange } from "./exchange.ts";
import { empty } from "./respond.ts";

/** How long a browser may remember a preflight, in seconds. */
const PREFLIGHT_SECONDS = 600;

/**
 * Answers `OPTIONS`: the methods, and to a preflight from an origin on any client's list the
 * permission to send the real request. Which client it is for is not known before that.
 *
 * @throws Refusal `address_throttled`, Unavailable
 */
export async function preflight(
  { request }: Exchange,
  deps: Deps,
  methods: string,
): Promise<Response> {
  const origin = request.headers.get("Origin");
  const response = empty(204, { Allow: methods });
  if (origin === null) return response;
  await deps.addressFilter.pass(addressOf(request), null);
  if (!(await deps.accounts.isOriginAllowed(origin))) return response;
  allow(response, origin);
  response.headers.set("Access-Control-Allow-Methods", methods);
  response.headers.set(
    "Access-Control-Allow-Headers",
    "Authorization, Content-Type, Idempotency-Key",
  );
  response.headers.set("Access-Control-Max-Age", String(PREFLIGHT_SECONDS));
  return response;
}

/** Lets a page read the answer if its origin is on the list of the client that was named. */
export function allowOrigin({ request, allowedOrigins }: Exchange, response: Response): Response {
  const origin = request.headers.get("Origin");
  if (origin !== null && allowedOrigins.includes(origin)) allow(response, origin);
  return response;
}

/** Never with credentials: no cookie means anything here. */
function allow({ headers }: Response, origin: string): void {
  headers.set("Access-Control-Allow-Origin", origin);
  headers.append("Vary", "Origin");
}
