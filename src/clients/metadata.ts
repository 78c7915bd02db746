import * as z from "zod/mini";
import { SIGNING_ALGORITHMS } from "../crypto/signing-keys.ts";
import { ACCESS_TOKEN_FORMATS, CLIENT_AUTH_METHODS } from "../protocol/names.ts";
import type { ClientField, KnownValues } from "./field.ts";
import {
  audience,
  claims,
  displayName,
  jwks,
  lifetimeSeconds,
  logoutUri,
  origin,
  redirectPattern,
  redirectUri,
  scope,
} from "./value-schemas.ts";

/** Most redirect URIs of one client: each request compares all. */
const REDIRECT_URIS_MAX = 64;

/**
 * The fields of a client that an operator may change, by their names of RFC 7591 §2 where it has
 * them. A field is one row here and one migration: files, the management API and its OpenAPI
 * document, the commands, `Client`, its row and the documentation derive from this table.
 * `docs/decisions/0013-one-row-per-client-field.md` says how this is tested.
 */
export const CLIENT_FIELDS = {
  client_name: {
    property: "name",
    description: "name of the client, for people",
    column: "plain",
    schema: () => z._default(displayName(), ""),
    option: "--name <text>",
  },
  grant_types: {
    property: "grantTypes",
    description: "grants that the client may use",
    column: "words",
    schema: ({ grantTypes }) =>
      z._default(z.array(z.enum(grantTypes)), ["password", "refresh_token"]),
    option: "--grant-types <names>",
  },
  token_endpoint_auth_method: {
    property: "authMethod",
    description:
      "how the client authenticates; with `client_secret_basic` and `client_secret_post` it may " +
      "send the secret either way, and `none` is a public client",
    column: "plain",
    schema: () => z._default(z.enum(CLIENT_AUTH_METHODS), "client_secret_basic"),
    option: "--auth-method <name>",
  },
  redirect_uris: {
    property: "redirectUris",
    description:
      "where the authorization endpoint may send codes, compared byte for byte except for the " +
      "port of a loopback URI: https, http on this computer, or a scheme of the app",
    column: "words",
    schema: () => z._default(z.array(redirectUri()).check(z.maxLength(REDIRECT_URIS_MAX)), []),
    option: "--redirect-uris <uris>",
  },
  redirect_uri_patterns: {
    property: "redirectUriPatterns",
    description:
      "redirect URIs whose host begins with any label, for preview deployments, such as " +
      "`https://*.app.pages.dev/callback`; anyone who can deploy there can receive codes",
    column: "words",
    schema: () => z._default(z.array(redirectPattern()).check(z.maxLength(REDIRECT_URIS_MAX)), []),
    option: "--redirect-uri-patterns <patterns>",
  },
  post_logout_redirect_uris: {
    property: "postLogoutRedirectUris",
    description: "where the sign-out endpoint may send the browser, compared byte for byte",
    column: "words",
    schema: () => z._default(z.array(redirectUri()).check(z.maxLength(REDIRECT_URIS_MAX)), []),
    option: "--post-logout-redirect-uris <uris>",
  },
  backchannel_logout_uri: {
    property: "backchannelLogoutUri",
    description:
      "where the service reports logouts (OpenID Connect Back-Channel Logout): https, or http on " +
      "this computer",
    column: "plain",
    schema: () => z.optional(logoutUri()),
    absent: "none",
    option: "--backchannel-logout-uri <uri>",
  },
  backchannel_logout_session_required: {
    property: "backchannelLogoutNeedsSession",
    description: "whether these reports must name the browser session as `sid`",
    column: "flag",
    schema: () => z._default(z.boolean(), false),
    option: "--backchannel-logout-sid <boolean>",
  },
  require_pkce: {
    property: "requiresPkce",
    description:
      "whether an authorization request needs a PKCE challenge (RFC 7636); `false` only for a " +
      "confidential client that cannot send one",
    column: "flag",
    schema: () => z._default(z.boolean(), true),
    option: "--require-pkce <boolean>",
  },
  skip_consent: {
    property: "skipsConsent",
    description:
      "whether users are not asked for consent, for the operator's own applications; needs https " +
      "redirect URIs",
    column: "flag",
    schema: () => z._default(z.boolean(), false),
    option: "--skip-consent <boolean>",
  },
  scope: {
    property: "scope",
    description: "scopes that the client may request",
    column: "scope",
    schema: () => z.optional(scope()),
    absent: "every scope but `introspection` and `admin`",
    option: "--scope <names>",
  },
  default_scope: {
    property: "defaultScope",
    description: "scopes of a request without `scope`",
    column: "scope",
    schema: () => z.optional(scope()),
    absent: "every scope that the client may request",
    option: "--default-scope <names>",
  },
  audience: {
    property: "audiences",
    description:
      "APIs that access tokens may be for, apart from those of `RESOURCES`; a request names one " +
      "as `resource`, otherwise the token is for the first",
    column: "words",
    schema: () => z._default(z.array(audience()), []),
    option: "--audience <uris>",
  },
  claims: {
    property: "claims",
    description: "claims that every token of the client contains, a JSON object",
    column: "json",
    schema: () => z._default(claims(), {}),
    documented: () => z.record(z.string(), z.unknown()),
    option: "--claims <json>",
  },
  jwks: {
    property: "jwks",
    description: "public keys of a client with `private_key_jwt`, a JWK set (RFC 7517)",
    column: "json",
    schema: () => z.optional(jwks()),
    documented: () => z.object({ keys: z.array(z.looseObject({ kty: z.string() })) }),
    absent: "none",
    option: "--jwks-file <file>",
  },
  allowed_origins: {
    property: "allowedOrigins",
    description:
      "origins whose web pages may call the token and revocation endpoints, compared exactly",
    column: "words",
    schema: () => z._default(z.array(origin()), []),
    option: "--allowed-origins <origins>",
  },
  id_token_signed_response_alg: {
    property: "idTokenAlgorithm",
    description: "signature algorithm of ID tokens; `SIGNING_KEYS` needs a key of it",
    column: "plain",
    schema: () => z.optional(z.enum(SIGNING_ALGORITHMS)),
    absent: "`RS256`",
    option: "--id-token-alg <name>",
  },
  access_token_format: {
    property: "accessTokenFormat",
    description: "format of access tokens; `jwt` (RFC 9068) needs an `audience`",
    column: "plain",
    schema: () => z._default(z.enum(ACCESS_TOKEN_FORMATS), "opaque"),
    option: "--access-token-format <name>",
  },
  access_token_ttl_seconds: {
    property: "accessTokenTtlSeconds",
    description: "lifetime of access tokens in seconds",
    column: "plain",
    schema: () => z.optional(lifetimeSeconds()),
    absent: "the setting `ACCESS_TOKEN_TTL_SECONDS`",
    option: "--access-token-ttl <seconds>",
  },
  refresh_idle_ttl_seconds: {
    property: "refreshIdleTtlSeconds",
    description: "seconds after which a login ends that is not refreshed",
    column: "plain",
    schema: () => z.optional(lifetimeSeconds()),
    absent: "the setting `REFRESH_IDLE_TTL_SECONDS`",
    option: "--refresh-idle-ttl <seconds>",
  },
  refresh_absolute_ttl_seconds: {
    property: "refreshAbsoluteTtlSeconds",
    description: "seconds after which every login ends",
    column: "plain",
    schema: () => z.optional(lifetimeSeconds()),
    absent: "the setting `REFRESH_ABSOLUTE_TTL_SECONDS`",
    option: "--refresh-absolute-ttl <seconds>",
  },
  disabled: {
    property: "isDisabled",
    description: "whether the client is disabled; disabling it ends all of its sessions",
    column: "flag",
    schema: () => z._default(z.boolean(), false),
  },
} as const satisfies Readonly<Record<string, ClientField>>;

type Fields = typeof CLIENT_FIELDS;

/** The name of a field of a client. */
export type ClientFieldName = keyof Fields;

/** The value of a field, as files and the management API have it. */
export type ClientFieldValue<Name extends ClientFieldName> = z.output<
  ReturnType<Fields[Name]["schema"]>
>;

/** The rows of {@link CLIENT_FIELDS} in their order, by name. */
export function clientFieldRows(): readonly (readonly [name: ClientFieldName, ClientField])[] {
  // `Object.entries` does not keep the names in its type.
  return Object.entries(CLIENT_FIELDS) as [ClientFieldName, ClientField][];
}

/** The schema of each field. */
export function clientShape(known: KnownValues): {
  [Name in ClientFieldName]: ReturnType<Fields[Name]["schema"]>;
} {
  const schemas = clientFieldRows().map(([name, { schema }]) => [name, schema(known)]);
  return Object.fromEntries(schemas);
}
