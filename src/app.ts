import type { Context as HonoContext } from "hono";
import { Hono } from "hono/tiny";
import {
  type Deps,
  depsOf,
  hasManagementApi,
  newRequestId,
  observerOf,
  pathPrefixesOf,
} from "./deps.ts";
import { ADMIN_ROUTES, answerAdmin, hasChildWith, onProblem } from "./endpoints/admin/index.ts";
import { preflight, preflightForAnyone, share, shareWithAnyone } from "./endpoints/cors.ts";
import { asPage, challengeFor } from "./endpoints/for-browsers.ts";
import { health } from "./endpoints/health.ts";
import { introspect } from "./endpoints/introspect.ts";
import { landing } from "./endpoints/landing.ts";
import { jwks, metadata } from "./endpoints/metadata.ts";
import { methodNotAllowed, onError } from "./endpoints/on-error.ts";
import { ADMIN_PATHS, type Paths, pathsUnder } from "./endpoints/paths.ts";
import type { RequestContext } from "./endpoints/request-context.ts";
import { empty } from "./endpoints/respond.ts";
import { revoke } from "./endpoints/revoke.ts";
import { securityHeaders } from "./endpoints/security-headers.ts";
import { token } from "./endpoints/token.ts";
import { requireHttps } from "./endpoints/transport.ts";
import { Refusal } from "./protocol/refusal.ts";
import { note, withRecord } from "./telemetry/record.ts";
import { requestIdOf } from "./telemetry/request-id.ts";
import { outcomeOf } from "./telemetry/request-line.ts";
import { isLocal, serverTiming } from "./telemetry/server-timing.ts";

type Endpoint = (exchange: RequestContext, deps: Deps) => Promise<Response>;

/** What of a request is worked out once. */
interface Context {
  Bindings: Env;
  Variables: { url: URL };
}

/** What answers, by the names in `endpoints/paths.ts`. */
const ENDPOINTS: Readonly<Record<keyof Paths, Readonly<Record<string, Endpoint>>>> = {
  landing: { GET: landing },
  token: { POST: token },
  revocation: { POST: revoke },
  introspection: { GET: introspect, POST: introspect },
  metadata: { GET: metadata },
  metadataAsDot: { GET: metadata },
  metadataOfPath: { GET: metadata },
  jwks: { GET: jwks },
  health: { GET: health },
};

/** Which pages of browsers may call what: those of origins on a client's list, or every page. */
const PAGES: Readonly<Partial<Record<keyof Paths, "clients" | "anyone">>> = {
  token: "clients",
  revocation: "clients",
  metadata: "anyone",
  metadataAsDot: "anyone",
  metadataOfPath: "anyone",
  jwks: "anyone",
};

/** One app for each set of prefixes, which is one for an isolate. */
const apps = new Map<string, Hono<Context>>();

/** The service. Its routes are those of the setting `PATH_PREFIX`, put together once. */
export const app = {
  fetch(request: Request, env: Env, context?: ExecutionContext): Response | Promise<Response> {
    const prefixes = pathPrefixesOf(env);
    const key = prefixes.join(" ");
    const known = apps.get(key) ?? createApp(prefixes);
    apps.set(key, known);
    return known.fetch(request, env, context);
  },
};

/**
 * The service as one Hono app. Each path works with and without its trailing slash: the router of
 * `hono/tiny` lets one end with either, and `strict: false` would take off another before it.
 *
 * @param prefixes under which the endpoints of tokens answer
 */
export function createApp(prefixes: readonly string[]): Hono<Context> {
  const hono = new Hono<Context>();
  hono.use(watch);
  // Before a body is read or anything is looked up, for every path and method.
  hono.use(async (context, next) => {
    requireHttps(context.get("url"));
    await next();
  });
  const places = prefixes.map(pathsUnder);
  for (const name of Object.keys(ENDPOINTS) as (keyof Paths)[]) {
    for (const path of new Set(places.map((paths) => paths[name]))) route(hono, path, name);
  }
  for (const [path, endpoints] of Object.entries(ADMIN_ROUTES)) adminRoute(hono, path, endpoints);
  hono.notFound(() => onError(new Refusal("unknown_path")));
  hono.onError(onError);
  return hono;
}

/** Writes down what a request did, and puts the headers on every answer. */
async function watch(context: HonoContext<Context>, next: () => Promise<void>): Promise<void> {
  const { req, env } = context;
  const observer = observerOf(env);
  const record = observer.begin(requestIdOf(req.raw.headers, newRequestId));
  const url = new URL(req.url);
  context.set("url", url);
  await withRecord(record, next);
  const page = asPage(req.raw, context.res, record);
  if (page !== null) context.res = page;
  // Hono's own `header` would make another Response for each.
  const { headers, status } = context.res;
  for (const [name, value] of Object.entries(securityHeaders(headers, url))) {
    headers.set(name, value);
  }
  const challenge = headers.get("WWW-Authenticate");
  if (challenge !== null) headers.set("WWW-Authenticate", challengeFor(req.raw, challenge));
  headers.set("X-Request-Id", record.requestId);
  if (isLocal(url)) headers.set("Server-Timing", serverTiming(record));
  observer.end(record, {
    event: "request",
    outcome: outcomeOf(status),
    method: req.method,
    status,
  });
}

/**
 * Puts the endpoints of one path into the URL table, and what every path answers besides.
 *
 * @param endpoint the name of the path in the log
 */
function route(hono: Hono<Context>, path: string, endpoint: keyof Paths): void {
  const endpoints = ENDPOINTS[endpoint];
  const pages = PAGES[endpoint];
  const methods = [...Object.keys(endpoints), "OPTIONS"].join(", ");
  hono.all(path.replace(/\/$/, ""), async ({ req, env }) => {
    note({ endpoint });
    const origin = pages === "clients" ? (req.header("Origin") ?? null) : null;
    const exchange: RequestContext = { request: req.raw, origin, isOriginAllowed: null };
    const respond = async () => {
      const answer = endpoints[req.method === "HEAD" ? "GET" : req.method];
      return answer === undefined
        ? methodNotAllowed(methods)
        : await answer(exchange, await depsOf(env));
    };
    if (req.method !== "OPTIONS") {
      const response = await respond().catch(onError);
      if (pages === "anyone") return shareWithAnyone(response);
      return share(exchange, response, () => depsOf(env));
    }
    if (pages === "anyone") return preflightForAnyone(exchange, methods);
    if (origin === null) return empty(204, { Allow: methods });
    return preflight(exchange, await depsOf(env), methods);
  });
}

/** The same for a path of the management API, of which nothing is there while it is off. */
function adminRoute(
  hono: Hono<Context>,
  path: string,
  endpoints: (typeof ADMIN_ROUTES)[keyof typeof ADMIN_ROUTES],
): void {
  const endpoint = nameOf(path);
  hono.all(path.replaceAll(/\{(\w+)\}/g, ":$1"), async (context) => {
    const { req, env } = context;
    if (!hasManagementApi(env)) return onError(new Refusal("unknown_path"));
    note({ endpoint });
    const endsInSlash = context.get("url").pathname.endsWith("/");
    if (endsInSlash && hasChildWith(path, req.method)) {
      return onProblem(new Refusal("path_id_missing"));
    }
    const inPath = {
      id: req.param("id") ?? req.param("client_id") ?? "",
      sessionId: req.param("session_id") ?? "",
    };
    return answerAdmin(req.raw, inPath, endpoints, () => depsOf(env));
  });
}

/** A path of the management API as the log names it. */
function nameOf(path: string): string {
  const names = Object.entries(ADMIN_PATHS).find(([, known]) => known === path);
  return names?.[0] ?? "other";
}
