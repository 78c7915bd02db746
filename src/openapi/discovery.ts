import { PATHS } from "../endpoints/paths.ts";
import { headers, type Operation, PUBLIC_HEADERS, schemaRef } from "./operation.ts";

const common = { method: "get", tag: "discovery", security: [], refusals: [] } as const;

const publicAnswer = (description: string, schema: string) => ({
  description,
  headers: PUBLIC_HEADERS,
  content: { "application/json": { schema: schemaRef(schema) } },
});

/** `GET /.well-known/oauth-authorization-server`. */
export const metadataOperation: Operation = {
  ...common,
  path: PATHS.metadata,
  id: "getMetadata",
  summary: "What the service can do",
  description: "Authorization server metadata (RFC 8414).",
  success: publicAnswer("The metadata.", "Metadata"),
};

/** The same, where django-oauth-toolkit has it. */
export const metadataAsDotOperation: Operation = {
  ...metadataOperation,
  path: PATHS.metadataAsDot,
  id: "getMetadataAsDot",
  summary: "The same, where django-oauth-toolkit has it",
};

/** `GET /o/.well-known/jwks.json`. */
export const jwksOperation: Operation = {
  ...common,
  path: PATHS.jwks,
  id: "getJwks",
  summary: "Public keys of JWT access tokens",
  description: "A JWK set (RFC 7517 §5), empty where no access token is a JWT.",
  success: publicAnswer("The keys.", "Jwks"),
};

/** `GET /`. */
export const landingOperation: Operation = {
  ...common,
  path: PATHS.landing,
  id: "getLanding",
  summary: "Where everything is",
  description: "Links to what describes the service. JSON, or a page where `Accept` asks for one.",
  success: {
    description: "The links.",
    headers: { ...PUBLIC_HEADERS, ...headers({ Vary: "Accept" }) },
    content: {
      "application/json": { schema: schemaRef("Landing") },
      "text/html": { schema: { type: "string" } },
    },
  },
};
