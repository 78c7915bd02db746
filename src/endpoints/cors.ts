import type { Deps } from "../deps.ts";
import { readAddress } from "./address.ts";
import type { RequestContext } from "./request-context.ts";
import { empty } from "./respond.ts";

/** How long a browser may remember a preflight, in seconds. */
const PREFLIGHT_SECONDS = 600;

/** What a page may send when its preflight names nothing. */
const REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key";

/** Headers that a page may read besides those that the Fetch Standard always allows. */
const RESPONSE_HEADERS = "Retry-After, X-Request-Id, WWW-Authenticate";

/** A header's name (RFC 9110 §5.6.2). */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** Answers `OPTIONS` of what every page may read. */
export function preflightForAnyone({ request }: RequestContext, methods: string): Response {
  return empty(204, {
    Allow: methods,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": methods,
    "Access-Control-Allow-Headers": requestedHeaders(request),
    "Access-Control-Max-Age": String(PREFLIGHT_SECONDS),
  });
}

/** Lets every page read an answer, an error too. */
export function shareWithAnyone(response: Response): Response {
  response.headers.set("Access-Control-Allow-Origin", "*");
  if (!response.ok) response.headers.set("Access-Control-Expose-Headers", RESPONSE_HEADERS);
  return response;
}

/**
 * Answers `OPTIONS`: the methods, and to a preflight from an origin on any client's list the
 * permission to send the real request, with whatever headers it is to have: tracing and HTTP
 * libraries add their own. Which client it is for is not known before that.
 *
 * @throws Refusal `address_throttled`, Unavailable
 */
export async function preflight(
  { request, origin }: RequestContext,
  deps: Deps,
  methods: string,
): Promise<Response> {
  const response = empty(204, { Allow: methods });
  if (origin === null) return response;
  await deps.addressFilter.limit(readAddress(request), null);
  const isAllowed = await deps.lookups().isOriginAllowed(origin);
  deps.allowedOrigins.record(origin, isAllowed);
  if (!isAllowed) return response;
  allow(response, origin);
  response.headers.set("Access-Control-Allow-Methods", methods);
  response.headers.set("Access-Control-Allow-Headers", requestedHeaders(request));
  response.headers.set("Access-Control-Max-Age", String(PREFLIGHT_SECONDS));
  return response;
}

/**
 * Lets a page read the answer, whatever its status. Once the client is authenticated its own list
 * decides. Until then every client's does, or an error would tell which clients exist.
 */
export async function share(
  { origin, isOriginAllowed }: RequestContext,
  response: Response,
  deps: () => Promise<Deps>,
): Promise<Response> {
  if (origin === null) return response;
  const isAllowed = isOriginAllowed ?? (await isKnown(origin, response, deps));
  if (!isAllowed) return response;
  allow(response, origin);
  response.headers.set("Access-Control-Expose-Headers", RESPONSE_HEADERS);
  return response;
}

/** In an outage nothing is looked up, which would only fail once more. */
async function isKnown(
  origin: string,
  { status }: Response,
  deps: () => Promise<Deps>,
): Promise<boolean> {
  const { allowedOrigins } = await deps();
  return status === 503 ? allowedOrigins.remembers(origin) : allowedOrigins.has(origin);
}

/** The names that a preflight asks for. What is no name is left out. */
function requestedHeaders({ headers }: Request): string {
  const names = (headers.get("Access-Control-Request-Headers") ?? "").split(",");
  const valid = names.map((name) => name.trim()).filter((name) => TOKEN.test(name));
  return valid.length === 0 ? REQUEST_HEADERS : valid.join(", ");
}

/** Never with credentials: no cookie means anything here. */
function allow({ headers }: Response, origin: string): void {
  headers.set("Access-Control-Allow-Origin", origin);
  headers.append("Vary", "Origin");
}
