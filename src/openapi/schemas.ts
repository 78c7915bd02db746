/**
 * What goes over the wire, as zod schemas: the document is made of them, and tests hold real
 * answers against it. The Worker itself reads none of this.
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

/** A schema with the words that the document has for it. */
export function told<Schema extends z.ZodMiniType>(schema: Schema, description: string): Schema {
  z.globalRegistry.add(schema, { description });
  return schema;
}

const text = (description: string) => told(z.string(), description);
const optional = (description: string) => z.optional(text(description));

/** A field that may be left out, which is the same as empty; so the page begins. */
const field = (description: string) => {
  const schema = z.optional(z.string());
  z.globalRegistry.add(schema, { description, default: "" });
  return schema;
};

const url = (description: string) => told(z.url(), description);
const seconds = (description: string) => told(z.int().check(z.minimum(0)), description);

/** How a client authenticates in the body, where it does not by HTTP Basic. */
const clientCredentials = {
  client_id: field("The client. Alone: a public client."),
  client_secret: field("Its secret, unless HTTP Basic has it."),
  client_assertion_type: field(`With \`client_assertion\`: \`${ASSERTION_TYPE}\` (RFC 7523).`),
  client_assertion: field("A JWT signed by the client, good for one request."),
};

const grantType = told(z.enum(grantTypes()), "What authorizes the request.");

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
    "Scope names with spaces between, up to " +
      `${SCOPE_LENGTH_MAX} characters. Left out: what the client has by default.`,
  ),
  resource: field("The API that the token is for (RFC 8707)."),
  ...clientCredentials,
};

/** Body of the token endpoint, as a form. */
export const tokenForm = z.object({ grant_type: grantType, ...tokenFields });

/** Body of the token endpoint, as JSON: it alone may leave `grant_type` out. */
export const tokenJson = z.object({ grant_type: z.optional(grantType), ...tokenFields });

/** Body of the revocation endpoint. */
export const revocationRequest = z.object({
  token: text("The access or refresh token to end. Either ends both of its pair."),
  token_type_hint: field("Not needed: a token says itself what it is."),
  ...clientCredentials,
});

/** Body of the introspection endpoint. */
export const introspectionRequest = z.object({
  token: text("The access token to ask about."),
  token_type_hint: field("Not needed: a token says itself what it is."),
  ...clientCredentials,
});

/** Answer of the token endpoint (RFC 6749 §5.1). */
export const tokenAnswer = z.object({
  access_token: text("For the `Authorization: Bearer` header of calls to APIs."),
  expires_in: seconds("Seconds that the access token has to live."),
  token_type: z.literal("Bearer"),
  scope: text("What was granted, with spaces between."),
  refresh_token: optional("For the next pair; only where the client may refresh."),
});

/** Answer of the introspection endpoint (RFC 7662 §2.2). */
export const introspectionAnswer = z.discriminatedUnion("active", [
  told(
    z.looseObject({
      active: z.literal(true),
      scope: z.string(),
      exp: seconds("When it ends, in seconds since 1970."),
      iat: seconds("When it was issued, in seconds since 1970."),
      client_id: z.string(),
      username: optional("Absent where no user logged in."),
      sub: text("The user's id, or the client's where no user logged in."),
      aud: optional("The API that the token is for."),
      token_type: z.literal("Bearer"),
      iss: z.url(),
    }),
    "A live token. Claims of the operator's own stand beside these.",
  ),
  told(
    z.object({ active: z.literal(false) }),
    "Unknown, ended or no access token, or none of the caller's business.",
  ),
]);

const authMethods = z.array(z.enum(CLIENT_AUTH_METHODS));
const bearerOrMethods = z.array(z.enum([...CLIENT_AUTH_METHODS, "Bearer"]));
const algorithms = z.array(z.enum(ASSERTION_ALGORITHMS));

/** Answer of the metadata endpoints (RFC 8414 §2). */
export const metadataAnswer = z.object({
  issuer: url("The origin that stands for the service."),
  token_endpoint: z.url(),
  revocation_endpoint: z.url(),
  introspection_endpoint: z.url(),
  jwks_uri: z.optional(url("Absent where no access token is a JWT.")),
  scopes_supported: z.array(z.string()),
  response_types_supported: told(z.array(z.string()), "None: nobody is sent anywhere."),
  grant_types_supported: z.array(z.enum(grantTypes())),
  token_endpoint_auth_methods_supported: authMethods,
  revocation_endpoint_auth_methods_supported: authMethods,
  introspection_endpoint_auth_methods_supported: bearerOrMethods,
  token_endpoint_auth_signing_alg_values_supported: algorithms,
  revocation_endpoint_auth_signing_alg_values_supported: algorithms,
  introspection_endpoint_auth_signing_alg_values_supported: algorithms,
});

/** Answer of the JWKS endpoint (RFC 7517 §5). */
export const jwksAnswer = z.object({
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

/** Answer of `/` for programs. */
export const landingAnswer = z.object({
  name: z.string(),
  description: z.string(),
  documentation: url("This API for people."),
  openapi: url("This document."),
  metadata: url("Authorization server metadata (RFC 8414)."),
  jwks: url("Public keys of JWT access tokens."),
  management: z.optional(url("The management API. Absent where it is off.")),
});

const verdict = z.enum(["ok", "unavailable"]);

/** Answer of the health endpoint. */
export const healthAnswer = z.object({
  status: verdict,
  checks: z.object({ d1: verdict, kv: verdict, object: verdict }),
});

/** Every answer that is no success (RFC 6749 §5.2). */
export const errorAnswer = z.object({
  error: told(z.enum(OAUTH_ERRORS), "For programs to decide by."),
  error_description: optional("For people; may change."),
});
