import { PATHS } from "../endpoints/urls.ts";
import { GRANTS } from "../grants/index.ts";
import {
  ADMIN_SCOPE,
  type ClientAuthMethod,
  INTROSPECTION_SCOPE,
  OPENID_SCOPE,
  REGISTRATION_SCOPE,
} from "../protocol/names.ts";
import type { Json } from "./operation.ts";

/** A client, by HTTP Basic or in the body. The empty requirement means the body. */
export const CLIENT: readonly Json[] = [{ client: [] }, {}];

/** A client by HTTP Basic, or a caller with a token of the introspection scope. */
export const CLIENT_OR_BEARER: readonly Json[] = [
  { client: [] },
  { oauth2: [INTROSPECTION_SCOPE] },
  { bearer: [] },
];

/** What a request contains, by the method of client authentication. */
export const CLIENT_AUTH_WORDS: Readonly<Record<ClientAuthMethod, string>> = {
  client_secret_basic: "HTTP Basic with the client's id and secret",
  client_secret_post: "`client_id` and `client_secret` in the body",
  private_key_jwt: "`client_assertion_type` and `client_assertion` in the body (RFC 7523)",
  none: "`client_id` alone, for a public client",
};

/** Security Scheme Objects (OpenAPI 3.1 §4.8.27). */
export function securitySchemes(): Json {
  const flow = {
    tokenUrl: PATHS.token,
    // The metadata lists the scopes of a deployment; the service itself uses only this one.
    scopes: { [INTROSPECTION_SCOPE]: "Introspect every access token." },
  };
  const flows = GRANTS.flatMap(({ openApiFlow: name }) => {
    // A client that acts for itself gets no refresh token (RFC 6749 §4.4.3).
    const refresh = name === "clientCredentials" ? {} : { refreshUrl: PATHS.token };
    const authorize = name === "authorizationCode" ? { authorizationUrl: PATHS.authorization } : {};
    return name === null ? [] : [[name, { ...flow, ...authorize, ...refresh }]];
  });
  return {
    client: {
      type: "http",
      scheme: "basic",
      description: "A client's id and secret (RFC 6749 §2.3.1).",
    },
    oauth2: {
      type: "oauth2",
      description: "Gets an access token from this service and uses it.",
      flows: Object.fromEntries(flows),
    },
    bearer: {
      type: "http",
      scheme: "bearer",
      description: `An access token with the scope \`${INTROSPECTION_SCOPE}\` (RFC 6750 §2.1).`,
    },
    user: {
      type: "http",
      scheme: "bearer",
      description: `An access token of a user with the scope \`${OPENID_SCOPE}\` (RFC 6750 §2.1).`,
    },
    registration: {
      type: "http",
      scheme: "bearer",
      description:
        "An access token from the grant `client_credentials` with the scope " +
        `\`${REGISTRATION_SCOPE}\`. Only if the setting \`REGISTRATION\` is \`token\`.`,
    },
    management: {
      type: "http",
      scheme: "bearer",
      description:
        "An access token from the grant `client_credentials` with the scope " +
        `\`${ADMIN_SCOPE}\`. The client must be registered for that scope by name.`,
    },
  };
}
