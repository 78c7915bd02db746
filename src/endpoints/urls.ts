import type { Deps } from "../deps.ts";
import type { RequestContext } from "./request-context.ts";

/** Paths of endpoints that do not depend on `PATH_PREFIX`. */
const ROOT_PATHS = {
  landing: "/",
  metadata: "/.well-known/oauth-authorization-server",
  openIdMetadata: "/.well-known/openid-configuration",
  /** For monitors; see `health.ts`. */
  health: "/healthz",
} as const;

/** All paths with one prefix, for the router and the metadata. */
export interface Paths extends Record<keyof typeof ROOT_PATHS, string> {
  readonly authorization: string;
  /** The user's own page. */
  readonly account: string;
  /** DOT's page for the same. */
  readonly accountAsDot: string;
  /** The sign-out endpoint of OpenID Connect. */
  readonly logout: string;
  /** Dynamic client registration (RFC 7591). */
  readonly registration: string;
  readonly token: string;
  readonly revocation: string;
  readonly introspection: string;
  readonly userinfo: string;
  readonly jwks: string;
  /** DOT's location of the metadata, and OpenID's for an issuer with a path. */
  readonly metadataAsDot: string;
  readonly openIdMetadataAsDot: string;
  /** RFC 8414 §3.1: the location of the metadata for an issuer with a path. */
  readonly metadataOfPath: string;
  readonly openIdMetadataOfPath: string;
}

/** The paths with a prefix, such as `/o`. */
export function pathsUnder(prefix: string): Paths {
  return {
    ...ROOT_PATHS,
    authorization: `${prefix}/authorize/`,
    account: `${prefix}/account/`,
    accountAsDot: `${prefix}/authorized_tokens/`,
    logout: `${prefix}/logout/`,
    registration: `${prefix}/register/`,
    token: `${prefix}/token/`,
    revocation: `${prefix}/revoke_token/`,
    introspection: `${prefix}/introspect/`,
    userinfo: `${prefix}/userinfo/`,
    jwks: `${prefix}/.well-known/jwks.json`,
    metadataAsDot: `${prefix}${ROOT_PATHS.metadata}`,
    openIdMetadataAsDot: `${prefix}${ROOT_PATHS.openIdMetadata}`,
    metadataOfPath: `${ROOT_PATHS.metadata}${prefix}`,
    openIdMetadataOfPath: `${ROOT_PATHS.openIdMetadata}${prefix}`,
  };
}

/** The paths with the default prefix, for the OpenAPI document, which is built in advance. */
export const PATHS: Paths = pathsUnder("/o");

/** Paths of the management API, as URI templates (RFC 6570). */
export const ADMIN_PATHS = {
  adminUsers: "/admin/users",
  adminUser: "/admin/users/{id}",
  adminUserPassword: "/admin/users/{id}/password",
  adminUserPasswordReset: "/admin/users/{id}/password-reset",
  adminUserUnlock: "/admin/users/{id}/unlock",
  adminUserSessions: "/admin/users/{id}/sessions",
  adminUserSession: "/admin/users/{id}/sessions/{session_id}",
  adminUserBrowserSessions: "/admin/users/{id}/browser-sessions",
  adminUserBrowserSession: "/admin/users/{id}/browser-sessions/{session_id}",
  adminUserConsents: "/admin/users/{id}/consents",
  adminUserConsent: "/admin/users/{id}/consents/{client_id}",
  adminClients: "/admin/clients",
  adminClient: "/admin/clients/{client_id}",
  adminClientSecret: "/admin/clients/{client_id}/secret",
  adminClientSessions: "/admin/clients/{client_id}/sessions",
  adminClientLogouts: "/admin/clients/{client_id}/logouts",
  adminResources: "/admin/resources",
  adminResource: "/admin/resources/{uri}",
} as const;

/** Paths of static assets. */
export const ASSET_PATHS = { documentation: "/docs", openapi: "/openapi.json" } as const;

/** The URLs of the endpoints, by default under the first prefix. */
export function endpointUrls(
  { issuerUrl }: RequestContext,
  deps: Pick<Deps, "pathPrefixes">,
  prefix: string = deps.pathPrefixes[0] ?? "",
): Paths {
  // An issuer with a path has its endpoints at the origin, under one of the prefixes.
  const { origin } = new URL(issuerUrl);
  const paths = Object.entries(pathsUnder(prefix)).map(([name, path]) => [name, origin + path]);
  return Object.fromEntries(paths);
}

/**
 * Valid audiences of an assertion (RFC 7523 §3 item 3): the issuer, or an endpoint that
 * authenticates clients, under any prefix, with or without a trailing slash. Many libraries use the
 * URL that they call. All identify this service, so an assertion is not valid elsewhere.
 */
export function assertionAudiences(
  context: RequestContext,
  deps: Pick<Deps, "pathPrefixes">,
): string[] {
  const endpoints = deps.pathPrefixes.flatMap((prefix) => {
    const { token, revocation, introspection } = endpointUrls(context, deps, prefix);
    return [token, revocation, introspection];
  });
  const withoutSlash = endpoints.map((url) => url.replace(/\/$/, ""));
  return [context.issuerUrl, ...endpoints, ...withoutSlash];
}
