import { Hono } from "hono";
import { type Deps, depsOf } from "./deps.ts";
import { allowOrigin, preflight } from "./endpoints/cors.ts";
import type { Exchange } from "./endpoints/exchange.ts";
import { introspect } from "./endpoints/introspect.ts";
import { jwks, metadata } from "./endpoints/metadata.ts";
import { methodNotAllowed, onError } from "./endpoints/on-error.ts";
import { PATHS } from "./endpoints/paths.ts";
import { empty } from "./endpoints/respond.ts";
import { revoke } from "./endpoints/revoke.ts";
import { token } from "./endpoints/token.ts";
import { Refusal } from "./protocol/refusal.ts";

type Endpoint = (exchange: Exchange, deps: Deps) => Promise<Response>;

/** The service as one Hono app. Each path works with and without its trailing slash. */
export const app: Hono<{ Bindings: Env }> = new Hono<{ Bindings: Env }>({ strict: false });

route(PATHS.token, { POST: token }, { cors: true });
route(PATHS.revocation, { POST: revoke }, { cors: true });
route(PATHS.introspection, { GET: introspect, POST: introspect });
route(PATHS.metadata, { GET: metadata });
route(PATHS.metadataAsDot, { GET: metadata });
route(PATHS.jwks, { GET: jwks });

app.notFound(() => {
  throw new Refusal("unknown_path");
});
app.onError(onError);

/**
 * Puts the endpoints of one path into the URL table, and what every path answers besides.
 *
 * @param cors whether pages of a client's registered origins may call it
 */
function route(
  path: string,
  endpoints: Readonly<Record<string, Endpoint>>,
  { cors } = { cors: false },
): void {
  const methods = [...Object.keys(endpoints), "OPTIONS"].join(", ");
  app.all(path.replace(/\/$/, ""), async ({ req, env }) => {
    const exchange: Exchange = { request: req.raw, allowedOrigins: [] };
    const share = (response: Response) => (cors ? allowOrigin(exchange, response) : response);
    try {
      if (req.method === "OPTIONS") {
        const isPreflight = cors && req.header("Origin") !== undefined;
        if (!isPreflight) return empty(204, { Allow: methods });
        return await preflight(exchange, await depsOf(env), methods);
      }
      const endpoint = endpoints[req.method === "HEAD" ? "GET" : req.method];
      if (endpoint === undefined) return methodNotAllowed(methods);
      return share(await endpoint(exchange, await depsOf(env)));
    } catch (error) {
      return share(onError(error));
    }
  });
}
