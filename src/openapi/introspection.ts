import { PATHS } from "../endpoints/urls.ts";
import { bodyOf, NO_STORE_HEADERS, type Operation, schemaRef } from "./operation.ts";
import { BODY_CLIENT_REFUSALS, BODY_REFUSALS, CLIENT_REFUSALS } from "./refusals.ts";
import { CLIENT_OR_BEARER } from "./security.ts";

const common = {
  path: PATHS.introspection,
  tag: "tokens",
  summary: "Introspect a token",
  description:
    "Whether an access token is active, and what it contains (RFC 7662). For clients with a " +
    "secret or a key, and for callers with a token of the scope `introspection`. A client that " +
    "is not registered for that scope by name can introspect only its own tokens.",
  success: {
    description: "The state of the token.",
    headers: NO_STORE_HEADERS,
    content: { "application/json": { schema: schemaRef("Introspection") } },
  },
} as const;

const refusals = [
  "token_missing",
  "caller_is_public",
  "caller_token_inactive",
  "caller_token_for_another",
  "caller_scope_insufficient",
  "address_throttled",
  "secret_throttled",
  "family_busy",
] as const;

/** `POST /o/introspect/`. */
export const introspectionByPost: Operation = {
  ...common,
  method: "post",
  id: "introspectToken",
  requestBody: bodyOf("IntrospectionRequest", "IntrospectionRequest", {
    access_token: { summary: "An access token", value: { token: "tga_..." } },
  }),
  security: [...CLIENT_OR_BEARER, {}],
  refusals: [...BODY_REFUSALS, ...BODY_CLIENT_REFUSALS, ...refusals],
};

/** `GET /o/introspect/`, as in django-oauth-toolkit. */
export const introspectionByGet: Operation = {
  ...common,
  method: "get",
  id: "introspectTokenInQuery",
  summary: "Introspect a token in the query",
  description: `${common.description} POST keeps the token out of the logs of proxies.`,
  parameters: [
    {
      name: "token",
      in: "query",
      required: true,
      description: "The access token to introspect.",
      schema: { type: "string" },
    },
  ],
  security: CLIENT_OR_BEARER,
  refusals: ["too_many_parameters", "repeated_parameter", ...CLIENT_REFUSALS, ...refusals],
};
