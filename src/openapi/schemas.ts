/**
 * Requests and responses as zod schemas. The document is derived from them, and tests compare it
 * with real responses. The Worker does not use them.
 */
import * as z from "zod/mini";
import { ASSERTION_TYPE } from "../client-auth/private-key-jwt.ts";
import { ASSERTION_ALGORITHMS } from "../crypto/assertion.ts";
import { SIGNING_ALGORITHMS } from "../crypto/signing-keys.ts";
import { ERROR_CODES, MANAGEMENT } from "../errors/index.ts";
import { GRANTS, grantTypes } from "../grants/index.ts";
import { CLIENT_AUTH_METHODS } from "../protocol/names.ts";
import { SCOPE_LENGTH_MAX } from "../protocol/scope.ts";

/** The errors of the OAuth endpoints: all but those of the management functions. */
const OAUTH_ERRORS = Object.keys(ERROR_CODES).filter((code) => !Object.hasOwn(MANAGEMENT, code));

/** Gives a schema its description in the document. */
export function described<Schema extends z.ZodMiniType>(
  schema: Schema,
  description: string,
): Schema {
  z.globalRegistry.add(schema, { description });
  return schema;
}

/** A text. */
export const text = (description: string) => described(z.string(), description);

/** A text that may be absent. */
export const optional = (description: string) => z.optional(text(description));

/** An optional parameter. Absent is the same as empty, which is the default of the docs page. */
const field = (description: string) => {
  const schema = z.optional(z.string());
  z.globalRegistry.add(schema, { description, default: "" });
  return schema;
};

const url = (description: string) => described(z.url(), description);

/** A number of seconds. */
export const seconds = (description: string) => described(z.int().check(z.minimum(0)), description);

/** Client authentication in the body. */
const clientCredentials = {
  client_id: field("The client id. Without credentials: a public client."),
  client_secret: field("The client secret, unless sent by HTTP Basic."),
  client_assertion_type: field(`With \`client_assertion\`: \`${ASSERTION_TYPE}\` (RFC 7523).`),
  client_assertion: field("A JWT signed by the client, valid for one request."),
};

const grantType = described(z.enum(grantTypes()), "What authorizes the request.");

/** The parameters of one grant or more, such as `username`. */
function grantFields(): Record<string, ReturnType<typeof field>> {
  const uses = GRANTS.flatMap(({ grantType: grant, parameters }) => {
    return Object.entries(parameters).map(([name, text]) => ({ name, text, grant }));
  });
  const fields = [...Map.groupBy(uses, ({ name }) => name)].map(([name, all]) => {
    const texts = all.map(({ grant, text }) => `Grant \`${grant}\`: ${text}.`);
    return [name, field(texts.join(" "))] as const;
  });
  return Object.fromEntries(fields);
}

const tokenFields = {
  ...grantFields(),
  scope: field(
    "Scope names separated by spaces, up to " +
      `${SCOPE_LENGTH_MAX} characters. Default: the default scopes of the client.`,
  ),
  resource: field("The API that the token is for (RFC 8707)."),
  ...clientCredentials,
};

/** Body of the token endpoint, as a form. */
export const tokenForm = z.object({ grant_type: grantType, ...tokenFields });

/** Body of the token endpoint, as JSON, which may omit `grant_type`. */
export const tokenJson = z.object({ grant_type: z.optional(grantType), ...tokenFields });

/** Body of the revocation endpoint. */
export const revocationRequest = z.object({
  token: text("The access or refresh token. Either one revokes both tokens of the pair."),
  token_type_hint: field("Ignored: tokens are self-describing."),
  ...clientCredentials,
});

/** Body of the introspection endpoint. */
export const introspectionRequest = z.object({
  token: text("The access token to introspect."),
  token_type_hint: field("Ignored: tokens are self-describing."),
  ...clientCredentials,
});

/** Success response of the token endpoint (RFC 6749 §5.1). */
export const tokenResponse = z.object({
  access_token: text("For the `Authorization: Bearer` header of calls to APIs."),
  expires_in: seconds("Lifetime of the access token in seconds."),
  token_type: z.literal("Bearer"),
  scope: text("The granted scope names, separated by spaces."),
  refresh_token: optional("For the next pair of tokens. Only if the client may refresh."),
  id_token: optional("Who signed in (OIDC Core §2). Only if `openid` is granted."),
});

/** Form of a userinfo request that has no `Authorization` header (RFC 6750 §2.2). */
export const userinfoRequest = z.object({
  access_token: optional("The access token, unless it is in the header."),
});

/** Response of the userinfo endpoint (OIDC Core §5.3.2). */
export const userinfoResponse = z.looseObject({ sub: text("The id of the user.") });

/** Response of the introspection endpoint (RFC 7662 §2.2). */
export const introspectionResponse = z.discriminatedUnion("active", [
  described(
    z.looseObject({
      active: z.literal(true),
      scope: z.string(),
      exp: seconds("Expiry, in seconds since 1970."),
      iat: seconds("Time of issue, in seconds since 1970."),
      client_id: z.string(),
      username: optional("Absent if no user logged in."),
      sub: text("The id of the user, or of the client if no user logged in."),
      aud: optional("The API that the token is for."),
      token_type: z.literal("Bearer"),
      iss: z.url(),
    }),
    "An active token. The `claims` of the client and the user are further members.",
  ),
  described(
    z.object({ active: z.literal(false) }),
    "Not an active access token, or one that the caller may not introspect.",
  ),
]);

const authMethods = z.array(z.enum(CLIENT_AUTH_METHODS));
const bearerOrMethods = z.array(z.enum([...CLIENT_AUTH_METHODS, "Bearer"]));
const algorithms = z.array(z.enum(ASSERTION_ALGORITHMS));

/** Members of the metadata that only a service with a key for ID tokens has (OIDC Discovery §3). */
const openIdMembers = {
  userinfo_endpoint: z.optional(z.url()),
  end_session_endpoint: z.optional(z.url()),
  backchannel_logout_supported: z.optional(z.boolean()),
  backchannel_logout_session_supported: z.optional(z.boolean()),
  subject_types_supported: z.optional(z.array(z.literal("public"))),
  id_token_signing_alg_values_supported: z.optional(z.array(z.enum(SIGNING_ALGORITHMS))),
  claim_types_supported: z.optional(z.array(z.literal("normal"))),
  claims_supported: z.optional(z.array(z.string())),
  claims_parameter_supported: z.optional(z.boolean()),
  request_parameter_supported: z.optional(z.literal(false)),
  request_uri_parameter_supported: z.optional(z.literal(false)),
};

/** Response of the metadata endpoints (RFC 8414 §2). */
export const metadataResponse = z.object({
  issuer: url("The issuer identifier."),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  revocation_endpoint: z.url(),
  introspection_endpoint: z.url(),
  jwks_uri: z.optional(url("Absent if no access token is a JWT.")),
  registration_endpoint: z.optional(url("Absent if clients may not register themselves.")),
  client_id_metadata_document_supported: z.optional(z.literal(true)),
  scopes_supported: z.array(z.string()),
  protected_resources: z.optional(z.array(z.string())),
  response_types_supported: z.array(z.literal("code")),
  response_modes_supported: z.array(z.literal("query")),
  code_challenge_methods_supported: z.array(z.literal("S256")),
  authorization_response_iss_parameter_supported: z.literal(true),
  prompt_values_supported: z.array(z.string()),
  ui_locales_supported: z.array(z.string()),
  grant_types_supported: z.array(z.enum(grantTypes())),
  token_endpoint_auth_methods_supported: authMethods,
  revocation_endpoint_auth_methods_supported: authMethods,
  introspection_endpoint_auth_methods_supported: bearerOrMethods,
  token_endpoint_auth_signing_alg_values_supported: algorithms,
  revocation_endpoint_auth_signing_alg_values_supported: algorithms,
  introspection_endpoint_auth_signing_alg_values_supported: algorithms,
  ...openIdMembers,
});

/** Response of the JWKS endpoint (RFC 7517 §5). */
export const jwksResponse = z.object({
  keys: z.array(
    z.object({
      kty: z.enum(["EC", "OKP", "RSA"]),
      kid: z.string(),
      alg: z.enum(SIGNING_ALGORITHMS),
      use: z.literal("sig"),
      crv: z.optional(z.string()),
      x: z.optional(z.string()),
      y: z.optional(z.string()),
      n: z.optional(z.string()),
      e: z.optional(z.string()),
    }),
  ),
});

/** JSON response of `/`. */
export const landingResponse = z.object({
  name: z.string(),
  description: z.string(),
  documentation: url("The documentation of this API."),
  openapi: url("This document."),
  metadata: url("Authorization server metadata (RFC 8414)."),
  jwks: url("Public keys of JWT access tokens."),
  management: z.optional(url("The management API. Absent if it is off.")),
});

const state = z.enum(["ok", "unavailable"]);

/** Response of the health endpoint. */
export const healthResponse = z.object({
  status: state,
  checks: z.object({ d1: state, kv: state, object: state }),
});

/** Every error response (RFC 6749 §5.2). */
export const errorResponse = z.object({
  error: described(z.enum(OAUTH_ERRORS), "The error code, for programs."),
  error_description: optional("An explanation for people. It may change."),
});
