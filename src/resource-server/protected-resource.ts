import type { MiddlewareHandler } from "hono";
import { isResource } from "../protocol/resource.ts";
import { parseScope } from "../protocol/scope.ts";

/** Options of {@link protectedResource}. */
export interface ProtectedResourceOptions {
  /**
   * URL of the API as clients know it, for example `https://mcp.example.com/mcp`. Its tokens have
   * it as their `aud`.
   */
  readonly resource: string;
  /** Issuers whose tokens the API accepts, for example `["https://login.example.com"]`. */
  readonly authorizationServers: readonly string[];
  /** All scopes of the API, space-separated. Clients request them if a challenge names none. */
  readonly scopes?: string;
  /** Name of the API, for people. */
  readonly name?: string;
  /** URL of a page for developers. */
  readonly documentation?: string;
}

/** An API that publishes its metadata (RFC 9728), so that clients find its authorization server. */
export interface ProtectedResource {
  /** Required audience of its tokens. */
  readonly resource: string;
  /** URL of the metadata, for challenges. */
  readonly metadataUrl: string;
  /** Hono middleware that serves the metadata: `app.use(notes.metadata)`. */
  readonly metadata: MiddlewareHandler;
  /** Responds to a request for the metadata. Returns null for every other request. */
  metadataResponse(request: Request): Response | null;
}

/** The path of the metadata, which the path of the API follows (RFC 9728 §3.1). */
const WELL_KNOWN = "/.well-known/oauth-protected-resource";

const PUBLIC = { "Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300" };

/** Browsers ask first, since MCP clients send the header `MCP-Protocol-Version`. */
const PREFLIGHT = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, HEAD",
  "Access-Control-Allow-Headers": "*",
  "Access-Control-Max-Age": "86400",
};

/**
 * Describes an API to clients that do not know it, such as MCP clients. They find its authorization
 * server by the challenges of `bearer` and `checkRequest`, or by the metadata at
 * `/.well-known/oauth-protected-resource` followed by the path of the API. The same document is at
 * the well-known path alone, because some clients look there only.
 *
 * @example
 * const notes = protectedResource({
 *   resource: "https://mcp.example.com/mcp",
 *   authorizationServers: ["https://login.example.com"],
 *   scopes: "notes:read notes:write",
 * });
 * app.use(notes.metadata);
 * app.post("/mcp", bearer({ resource: notes, scope: "notes:read", verifier }), handler);
 *
 * @throws TypeError when an option is missing or invalid, for example because of a missing variable
 */
export function protectedResource(options: ProtectedResourceOptions): ProtectedResource {
  const problem = problemOf(options);
  if (problem !== null) throw new TypeError(`protectedResource: ${problem}`);
  const { resource } = options;
  const { origin, pathname, search } = new URL(resource);
  const path = `${WELL_KNOWN}${withoutSlash(pathname)}`;
  const document = JSON.stringify(documentOf(options));

  function metadataResponse(request: Request): Response | null {
    const requested = withoutSlash(new URL(request.url).pathname);
    if (requested !== withoutSlash(path) && requested !== WELL_KNOWN) return null;
    switch (request.method) {
      case "GET":
      case "HEAD": {
        const headers = { ...PUBLIC, "Content-Type": "application/json" };
        return new Response(request.method === "GET" ? document : null, { headers });
      }
      case "OPTIONS":
        return new Response(null, { status: 204, headers: PREFLIGHT });
      default:
        return new Response(null, { status: 405, headers: { Allow: "GET, HEAD, OPTIONS" } });
    }
  }

  return {
    resource,
    metadataUrl: `${origin}${path}${search}`,
    metadataResponse,
    metadata: async (context, next) => metadataResponse(context.req.raw) ?? next(),
  };
}

/**
 * Scopes as the metadata and challenges name them, space-separated. `offline_access` is not a scope
 * of an API: clients request it when they want a refresh token (SEP-2207 of MCP).
 */
export function announcedScope(scope: string): string {
  return (parseScope(scope) ?? []).filter((name) => name !== "offline_access").join(" ");
}

/** RFC 9728 §2. JSON leaves out what is undefined. */
function documentOf(options: ProtectedResourceOptions): object {
  const scope = announcedScope(options.scopes ?? "");
  return {
    resource: options.resource,
    authorization_servers: options.authorizationServers,
    scopes_supported: scope === "" ? undefined : scope.split(" "),
    bearer_methods_supported: ["header"],
    resource_name: options.name,
    resource_documentation: options.documentation,
  };
}

/** Also for untyped callers, and for variables that are missing. */
function problemOf(options: ProtectedResourceOptions): string | null {
  const { resource, authorizationServers: servers, scopes = "" } = options;
  if (!isHttpUrl(resource)) {
    return "resource must be the https URL of this API without a fragment, the aud of its tokens";
  }
  if (!Array.isArray(servers) || servers.length === 0 || !servers.every(isHttpUrl)) {
    return "authorizationServers must list the issuer of the tokens, an https URL";
  }
  return parseScope(scopes) === null ? "scopes must be scopes separated by spaces" : null;
}

/** http is for development. A quotation mark would end the quoted string of a challenge. */
function isHttpUrl(value: unknown): boolean {
  return typeof value === "string" && /^https?:\/\/[^"\\]+$/.test(value) && isResource(value);
}

function withoutSlash(path: string): string {
  return path.replace(/\/$/, "");
}
