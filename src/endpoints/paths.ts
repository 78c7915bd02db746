/** Where each endpoint is. The router and the metadata read this one list. */
export const PATHS = {
  landing: "/",
  token: "/o/token/",
  revocation: "/o/revoke_token/",
  introspection: "/o/introspect/",
  jwks: "/o/.well-known/jwks.json",
  metadata: "/.well-known/oauth-authorization-server",
  /** Where DOT has it. */
  metadataAsDot: "/o/.well-known/oauth-authorization-server",
  /** For monitors; see `health.ts`. */
  health: "/healthz",
} as const;

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
