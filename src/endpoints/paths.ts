/** Where each endpoint is that has one place, whatever `PATH_PREFIX` says. */
const ROOT_PATHS = {
  landing: "/",
  metadata: "/.well-known/oauth-authorization-server",
  /** For monitors; see `health.ts`. */
  health: "/healthz",
} as const;

/** Where each endpoint is under one prefix. The router and the metadata read this one list. */
export interface Paths extends Record<keyof typeof ROOT_PATHS, string> {
  readonly token: string;
  readonly revocation: string;
  readonly introspection: string;
  readonly jwks: string;
  /** Where DOT has it, and where OpenID looks for an issuer with a path. */
  readonly metadataAsDot: string;
  /** Where RFC 8414 §3.1 looks for an issuer with a path. */
  readonly metadataOfPath: string;
}

/** The paths under a prefix, such as `/o`. */
export function pathsUnder(prefix: string): Paths {
  return {
    ...ROOT_PATHS,
    token: `${prefix}/token/`,
    revocation: `${prefix}/revoke_token/`,
    introspection: `${prefix}/introspect/`,
    jwks: `${prefix}/.well-known/jwks.json`,
    metadataAsDot: `${prefix}${ROOT_PATHS.metadata}`,
    metadataOfPath: `${ROOT_PATHS.metadata}${prefix}`,
  };
}

/** The paths under the default prefix, for the description of the API that is built in advance. */
export const PATHS: Paths = pathsUnder("/o");

/** Where the management API is, where it is switched on; RFC 6570 templates. */
export const ADMIN_PATHS = {
  adminUsers: "/admin/users",
  adminUser: "/admin/users/{id}",
  adminUserPassword: "/admin/users/{id}/password",
  adminUserPasswordReset: "/admin/users/{id}/password-reset",
  adminUserUnlock: "/admin/users/{id}/unlock",
  adminUserSessions: "/admin/users/{id}/sessions",
  adminUserSession: "/admin/users/{id}/sessions/{session_id}",
  adminClients: "/admin/clients",
  adminClient: "/admin/clients/{client_id}",
  adminClientSecret: "/admin/clients/{client_id}/secret",
  adminClientSessions: "/admin/clients/{client_id}/sessions",
} as const;

/** What is served beside the Worker, from static assets. */
export const ASSET_PATHS = { documentation: "/docs", openapi: "/openapi.json" } as const;
