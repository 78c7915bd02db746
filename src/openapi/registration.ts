import { PATHS } from "../endpoints/urls.ts";
import { REGISTRATION_SCOPE } from "../protocol/names.ts";
import {
  CORS_HEADERS_FOR_ANYONE,
  NO_STORE_HEADERS,
  type Operation,
  schemaRef,
} from "./operation.ts";

const EXAMPLE = {
  client_name: "Notes",
  redirect_uris: ["http://127.0.0.1/callback"],
  grant_types: ["authorization_code", "refresh_token"],
  token_endpoint_auth_method: "none",
};

/** `POST /o/register/`. */
export const registrationOperation: Operation = {
  path: PATHS.registration,
  method: "post",
  id: "registerClient",
  tag: "tokens",
  summary: "Register a client",
  description:
    "A client registers itself (RFC 7591). Nothing is stored: the id contains the metadata. The " +
    "path is unknown while the setting `REGISTRATION` is `off`. With `token`, the caller needs " +
    `an access token with the scope \`${REGISTRATION_SCOPE}\` from the grant ` +
    "`client_credentials`. Unknown members are ignored, and so are other grants and response " +
    "types.",
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: schemaRef("ClientMetadata"),
        examples: { public: { summary: "A program on the user's computer", value: EXAMPLE } },
      },
    },
  },
  security: [{}, { registration: [] }],
  status: 201,
  success: {
    description: "The client, with all that is registered.",
    headers: { ...NO_STORE_HEADERS, ...CORS_HEADERS_FOR_ANYONE },
    content: { "application/json": { schema: schemaRef("RegisteredClient") } },
  },
  refusals: [
    "query_parameters",
    "content_encoded",
    "body_too_large",
    "body_incomplete",
    "registration_not_json",
    "registered_metadata_invalid",
    "registered_uri_invalid",
    "caller_token_missing",
    "caller_token_inactive",
    "caller_token_for_another",
    "caller_is_user",
    "caller_scope_insufficient",
    "address_throttled",
    "family_busy",
  ],
};
