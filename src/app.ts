import type { Context as HonoContext } from "hono";
import { Hono } from "hono/tiny";
import { type Deps, getDeps } from "./deps.ts";
import { getEarlyDeps, requestIdOf } from "./early-deps.ts";
import { changeAccount, redirectToAccount, showAccount } from "./endpoints/account.ts";
import { ADMIN_ROUTES, answerAdmin, hasChildWith, onProblem } from "./endpoints/admin/index.ts";
import { continueAuthorization, startAuthorization } from "./endpoints/authorize.ts";
import { preflight, preflightForAnyone, share, shareWithAnyone } from "./endpoints/cors.ts";
import { asPage, challengeFor } from "./endpoints/for-browsers.ts";
import { health } from "./endpoints/health.ts";
import { introspect } from "./endpoints/introspect.ts";
import { landing } from "./endpoints/landing.ts";
import { continueLogout, startLogout } from "./endpoints/logout.ts";
import { jwks, metadata, openIdMetadata } from "./endpoints/metadata.ts";
import { methodNotAllowed, onError } from "./endpoints/on-error.ts";
import { register } from "./endpoints/register.ts";
import type { RequestContext } from "./endpoints/request-context.ts";
import { empty, requireHttps, securityHeaders } from "./endpoints/respond.ts";
import { revoke } from "./endpoints/revoke.ts";
import { token } from "./endpoints/token.ts";
import { ADMIN_PATHS, type Paths, pathsUnder } from "./endpoints/urls.ts";
import { userinfo } from "./endpoints/userinfo.ts";
import { Refusal } from "./errors/refusal.ts";
import { classifyStatus, setLogFields, withRequestLog } from "./telemetry/request-log.ts";

type Endpoint = (requestContext: RequestContext, deps: Deps) => Promise<Response>;

/** What is computed once for each request. */
interface Context {
  Bindings: Env;
  Variables: { url: URL };
}

/** The handlers, by the names in `endpoints/urls.ts`. */
const ENDPOINTS: Readonly<Record<keyof Paths, Readonly<Record<string, Endpoint>>>> = {
  landing: { GET: landing },
  authorization: { GET: startAuthorization, POST: continueAuthorization },
  account: { GET: showAccount, POST: changeAccount },
  accountAsDot: { GET: redirectToAccount },
  logout: { GET: startLogout, POST: continueLogout },
  registration: { POST: register },
  token: { POST: token },
  revocation: { POST: revoke },
  introspection: { GET: introspect, POST: introspect },
  userinfo: { GET: userinfo, POST: userinfo },
  metadata: { GET: metadata },
  metadataAsDot: { GET: metadata },
  metadataOfPath: { GET: metadata },
  openIdMetadata: { GET: openIdMetadata },
  openIdMetadataAsDot: { GET: openIdMetadata },
  openIdMetadataOfPath: { GET: openIdMetadata },
  jwks: { GET: jwks },
  health: { GET: health },
};

/** CORS: which pages may call an endpoint, those of a client's origins or all. Absent: none. */
const PAGES: Readonly<Partial<Record<keyof Paths, "clients" | "anyone">>> = {
  token: "clients",
  revocation: "clients",
  userinfo: "clients",
  metadata: "anyone",
  metadataAsDot: "anyone",
  metadataOfPath: "anyone",
  openIdMetadata: "anyone",
  openIdMetadataAsDot: "anyone",
  openIdMetadataOfPath: "anyone",
  jwks: "anyone",
  registration: "anyone",
};

/** One app for each value of `PATH_PREFIX`: an isolate has one. */
const apps = new Map<string, Hono<Context>>();

/** The service. Its routes follow from the setting `PATH_PREFIX` and are built once. */
export const app = {
  fetch(request: Request, env: Env, context?: ExecutionContext): Response | Promise<Response> {
    const { pathPrefixes } = getEarlyDeps(env);
    const key = pathPrefixes.join(" ");
    const known = apps.get(key) ?? createApp(pathPrefixes);
    apps.set(key, known);
    return known.fetch(request, env, context);
  },
};

/**
 * Builds the service as a Hono app. Each path works with and without its trailing slash: the router
 * of `hono/tiny` accepts both, and `strict: false` would strip a second slash.
 *
 * @param prefixes of the token endpoints
 */
export function createApp(prefixes: readonly string[]): Hono<Context> {
  const hono = new Hono<Context>();
  hono.use(observe);
  // For every path and method, before a body is read or anything is looked up.
  hono.use(async (context, next) => {
    requireHttps(context.get("url"));
    await next();
  });
  const paths = prefixes.map(pathsUnder);
  for (const name of Object.keys(ENDPOINTS) as (keyof Paths)[]) {
    for (const path of new Set(paths.map((each) => each[name]))) route(hono, path, name);
  }
  for (const [path, endpoints] of Object.entries(ADMIN_ROUTES)) adminRoute(hono, path, endpoints);
  hono.notFound(() => onError(new Refusal("unknown_path")));
  hono.onError(onError);
  return hono;
}

/** Logs a request, and sets the headers that every response has. */
async function observe(context: HonoContext<Context>, next: () => Promise<void>): Promise<void> {
  const { req, env } = context;
  const { observer } = getEarlyDeps(env);
  const log = observer.begin(requestIdOf(req.raw.headers));
  const url = new URL(req.url);
  context.set("url", url);
  await withRequestLog(log, next);
  const page = context.res.ok ? null : asPage(req.raw, url, context.res, log);
  if (page !== null) context.res = page;
  // Hono's own `header` would create a Response for each.
  const { headers, status } = context.res;
  for (const [name, value] of Object.entries(securityHeaders(headers, url))) {
    headers.set(name, value);
  }
  const challenge = headers.get("WWW-Authenticate");
  if (challenge !== null) headers.set("WWW-Authenticate", challengeFor(req.raw, challenge));
  headers.set("X-Request-Id", log.requestId);
  observer.end(log, {
    event: "request",
    outcome: classifyStatus(status),
    method: req.method,
    status,
  });
}

/**
 * Registers the handlers of one path, with HEAD, OPTIONS, 405 and CORS.
 *
 * @param endpoint the name of the path in the log
 */
function route(hono: Hono<Context>, path: string, endpoint: keyof Paths): void {
  const endpoints = ENDPOINTS[endpoint];
  const pages = PAGES[endpoint];
  const methods = [...Object.keys(endpoints), "OPTIONS"].join(", ");
  hono.all(path.replace(/\/$/, ""), async (context) => {
    const { req, env } = context;
    setLogFields({ endpoint });
    const origin = pages === "clients" ? (req.header("Origin") ?? null) : null;
    const requestContext = makeRequestContext(context, origin);
    const respond = async () => {
      const handler = endpoints[req.method === "HEAD" ? "GET" : req.method];
      return handler === undefined
        ? methodNotAllowed(methods)
        : await handler(requestContext, await getDeps(env));
    };
    if (req.method !== "OPTIONS") {
      const response = await respond().catch(onError);
      if (pages === "anyone") return shareWithAnyone(response);
      return origin === null ? response : share(requestContext, response, () => getDeps(env));
    }
    if (pages === "anyone") return preflightForAnyone(requestContext, methods);
    if (origin === null) return empty(204, { Allow: methods });
    return preflight(requestContext, await getDeps(env), methods);
  });
}

/** @param origin of the page that calls, or null where pages may not call */
function makeRequestContext(
  { req, env, get }: HonoContext<Context>,
  origin: string | null,
): RequestContext {
  const url = get("url");
  return {
    request: req.raw,
    url,
    issuerUrl: getEarlyDeps(env).issuerUrl ?? url.origin,
    address: req.raw.headers.get("CF-Connecting-IP"),
    origin,
    isOriginAllowed: null,
  };
}

/** Registers a path of the management API, which is unknown while the API is off. */
function adminRoute(
  hono: Hono<Context>,
  path: string,
  endpoints: (typeof ADMIN_ROUTES)[keyof typeof ADMIN_ROUTES],
): void {
  const endpoint = findAdminEndpoint(path);
  hono.all(path.replaceAll(/\{(\w+)\}/g, ":$1"), async (context) => {
    const { req, env } = context;
    if (!getEarlyDeps(env).hasManagementApi) return onError(new Refusal("unknown_path"));
    setLogFields({ endpoint });
    const endsInSlash = context.get("url").pathname.endsWith("/");
    if (endsInSlash && hasChildWith(path, req.method)) {
      return onProblem(new Refusal("path_id_missing"));
    }
    const inPath = {
      id: req.param("id") ?? req.param("client_id") ?? req.param("uri") ?? "",
      sessionId: req.param("session_id") ?? "",
      clientId: req.param("client_id") ?? "",
    };
    return answerAdmin(makeRequestContext(context, null), inPath, endpoints, () => getDeps(env));
  });
}

/** The name of a management path in the log. */
function findAdminEndpoint(path: string): string {
  const names = Object.entries(ADMIN_PATHS).find(([, known]) => known === path);
  return names?.[0] ?? "other";
}
