import { PATHS } from "../endpoints/urls.ts";
import {
  headers,
  NO_STORE_HEADERS,
  type Operation,
  PUBLIC_HEADERS,
  schemaRef,
} from "./operation.ts";

const common = { method: "get", tag: "discovery", security: [], refusals: [] } as const;

const publicResponse = (description: string, schema: string) => ({
  description,
  headers: PUBLIC_HEADERS,
  content: { "application/json": { schema: schemaRef(schema) } },
});

/** `GET /.well-known/oauth-authorization-server`. */
export const metadataOperation: Operation = {
  ...common,
  path: PATHS.metadata,
  id: "getMetadata",
  summary: "Server metadata",
  description: "What the authorization server supports (RFC 8414).",
  success: publicResponse("The metadata.", "Metadata"),
};

/** The same document at the path of django-oauth-toolkit. */
export const metadataAsDotOperation: Operation = {
  ...metadataOperation,
  path: PATHS.metadataAsDot,
  id: "getMetadataAsDot",
  summary: "Server metadata at the path of django-oauth-toolkit",
};

/** The same document at the path of RFC 8414 §3.1 for an issuer with a path. */
export const metadataOfPathOperation: Operation = {
  ...metadataOperation,
  path: PATHS.metadataOfPath,
  id: "getMetadataOfPath",
  summary: "Server metadata of an issuer with a path",
};

/** The same document where OpenID clients look for it. */
export const openIdMetadataOperation: Operation = {
  ...metadataOperation,
  path: PATHS.openIdMetadata,
  id: "getOpenIdMetadata",
  summary: "Server metadata for OpenID clients",
  description: "The same document. Unknown while the service has no key for ID tokens.",
};

/** The same document at the path of django-oauth-toolkit. */
export const openIdMetadataAsDotOperation: Operation = {
  ...openIdMetadataOperation,
  path: PATHS.openIdMetadataAsDot,
  id: "getOpenIdMetadataAsDot",
  summary: "Server metadata for OpenID clients, appended to an issuer with a path",
};

/** The same document at the path of RFC 8414 §5 for an issuer with a path. */
export const openIdMetadataOfPathOperation: Operation = {
  ...openIdMetadataOperation,
  path: PATHS.openIdMetadataOfPath,
  id: "getOpenIdMetadataOfPath",
  summary: "Server metadata for OpenID clients, inserted into an issuer with a path",
};

/** `GET /o/.well-known/jwks.json`. */
export const jwksOperation: Operation = {
  ...common,
  path: PATHS.jwks,
  id: "getJwks",
  summary: "Public keys of JWT access tokens and ID tokens",
  description: "A JWK set (RFC 7517 §5). It is empty when the service signs nothing.",
  success: publicResponse("The keys.", "Jwks"),
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
  summary: "Health of each kind of storage",
  description: "For monitoring. It is cheap and writes nothing.",
  refusals: ["address_throttled"],
  success: health("All storage responds in time.", schemaRef("Health")),
  own: {
    503: health(
      "Some storage does not respond in time, or the configuration is invalid.",
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
  summary: "Links to documentation and metadata",
  description: "JSON, or an HTML page when `Accept` asks for one.",
  success: {
    description: "The links.",
    headers: { ...PUBLIC_HEADERS, ...headers({ Vary: "Accept" }) },
    content: {
      "application/json": { schema: schemaRef("Landing") },
      "text/html": { schema: { type: "string" } },
    },
  },
};
