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

/** What is served beside the Worker, from static assets. */
export const ASSET_PATHS = { documentation: "/docs", openapi: "/openapi.json" } as const;
