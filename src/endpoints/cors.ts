import type { Deps } from "../deps.ts";
import { createLookups } from "../storage/lookups.ts";
import type { RequestContext } from "./request-context.ts";
import { empty } from "./respond.ts";

/** How long a browser may cache a preflight, in seconds. */
const PREFLIGHT_SECONDS = 600;

/** Allowed request headers if the preflight requests none. */
const REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key";

/** Response headers that a page may read, in addition to those of the Fetch Standard. */
const RESPONSE_HEADERS = "Retry-After, X-Request-Id, WWW-Authenticate";

/** A header's name (RFC 9110 §5.6.2). */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** Responds to `OPTIONS` for an endpoint that all pages may read. */
export function preflightForAnyone({ request }: RequestContext, methods: string): Response {
  return empty(204, {
    Allow: methods,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": methods,
    "Access-Control-Allow-Headers": requestedHeaders(request),
    "Access-Control-Max-Age": String(PREFLIGHT_SECONDS),
  });
}

/** Allows all pages to read a response, including errors. */
export function shareWithAnyone(response: Response): Response {
  response.headers.set("Access-Control-Allow-Origin", "*");
  if (!response.ok) response.headers.set("Access-Control-Expose-Headers", RESPONSE_HEADERS);
  return response;
}

/**
 * Responds to `OPTIONS`. A preflight does not identify the client, so it is allowed for the origins
 * of any client, with all requested headers: tracing and HTTP libraries add their own.
 *
 * @throws Refusal `address_throttled`, Unavailable
 */
export async function preflight(
  context: RequestContext,
  deps: Deps,
  methods: string,
): Promise<Response> {
  if (acceptsUnregistered(deps.unregistered)) return preflightForAnyone(context, methods);
  const { request, address, origin } = context;
  const response = empty(204, { Allow: methods });
  if (origin === null) return response;
  await deps.addressFilter.limit(address, null);
  const isAllowed = await createLookups(deps.lookups).isOriginAllowed(origin);
  deps.allowedOrigins.record(origin, isAllowed);
  if (!isAllowed) return response;
  allow(response, origin);
  response.headers.set("Access-Control-Allow-Methods", methods);
  response.headers.set("Access-Control-Allow-Headers", requestedHeaders(request));
  response.headers.set("Access-Control-Max-Age", String(PREFLIGHT_SECONDS));
  return response;
}

/**
 * Allows a page to read the response, whatever its status. For an authenticated client its own list
 * of origins applies. Before that, the lists of all clients: otherwise an error would reveal which
 * clients exist.
 */
export async function share(
  { origin, isOriginAllowed }: RequestContext,
  response: Response,
  deps: () => Promise<Deps>,
): Promise<Response> {
  if (origin === null) return response;
  if (acceptsUnregistered((await deps()).unregistered)) return shareWithAnyone(response);
  const isAllowed = isOriginAllowed ?? (await isKnown(origin, response, deps));
  if (!isAllowed) return response;
  allow(response, origin);
  response.headers.set("Access-Control-Expose-Headers", RESPONSE_HEADERS);
  return response;
}

/** Clients that no operator registered have no list of origins, so every page may call. */
function acceptsUnregistered({ registration, documents }: Deps["unregistered"]): boolean {
  return registration !== "off" || documents !== null;
}

/** Without a lookup after a storage failure, since it would fail too. */
async function isKnown(
  origin: string,
  { status }: Response,
  deps: () => Promise<Deps>,
): Promise<boolean> {
  const { allowedOrigins } = await deps();
  return status === 503 ? allowedOrigins.remembers(origin) : allowedOrigins.has(origin);
}

/** The valid header names that a preflight requests. */
function requestedHeaders({ headers }: Request): string {
  const names = (headers.get("Access-Control-Request-Headers") ?? "").split(",");
  const valid = names.map((name) => name.trim()).filter((name) => TOKEN.test(name));
  return valid.length === 0 ? REQUEST_HEADERS : valid.join(", ");
}

/** Never with credentials, since no endpoint that pages may call reads cookies. */
function allow({ headers }: Response, origin: string): void {
  headers.set("Access-Control-Allow-Origin", origin);
  headers.append("Vary", "Origin");
}
