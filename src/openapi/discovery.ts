import { PATHS } from "../endpoints/paths.ts";
import {
  headers,
  NO_STORE_HEADERS,
  type Operation,
  PUBLIC_HEADERS,
  schemaRef,
} from "./operation.ts";

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

/** The same, where RFC 8414 §3.1 has it for an issuer with a path. */
export const metadataOfPathOperation: Operation = {
  ...metadataOperation,
  path: PATHS.metadataOfPath,
  id: "getMetadataOfPath",
  summary: "The same, for an issuer with a path",
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

const health = (description: string, schema: object, more: object = {}) => ({
  description,
  headers: { ...NO_STORE_HEADERS, ...more },
  content: { "application/json": { schema } },
});

/** `GET /healthz`. */
export const healthOperation: Operation = {
  ...common,
  path: PATHS.health,
  id: "getHealth",
  summary: "Whether each kind of storage answers in time",
  description: "For monitors. Costs little, writes nothing, and says no more than this.",
  refusals: ["address_throttled"],
  success: health("All of it does.", schemaRef("Health")),
  own: {
    503: health(
      "Some of it does not, or the service is not configured.",
      { oneOf: [schemaRef("Health"), schemaRef("Error")] },
      headers({ "Retry-After": "1" }),
    ),
  },
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
