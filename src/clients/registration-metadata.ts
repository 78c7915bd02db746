import * as z from "zod/mini";
import { MetadataError } from "../errors/metadata-error.ts";
import { isObject } from "../protocol/json.ts";
import { ADMIN_SCOPE, type ClientAuthMethod, NAMED_SCOPES } from "../protocol/names.ts";
import { hasControlCharacter, NAME_LENGTH_MAX } from "../protocol/params.ts";
import { problemOfPublicUrl } from "../protocol/public-url.ts";
import { jwks, redirectUri, scope } from "./value-schemas.ts";

/** The grants that a client without an operator may have. */
const GRANT_TYPES = ["authorization_code", "refresh_token"] as const;

/** Most redirect URIs of such a client. */
const REDIRECT_URIS_MAX = 20;

/** Longest redirect URI that a description quotes whole, in characters. */
const QUOTE_LENGTH_MAX = 200;

/**
 * What a client says about itself, by its names of RFC 7591 §2 and in one form: equal metadata is
 * equal JSON.
 */
export interface RegistrationMetadata {
  /** Empty: none. */
  readonly client_name: string;
  readonly redirect_uris: readonly string[];
  readonly grant_types: readonly (typeof GRANT_TYPES)[number][];
  readonly token_endpoint_auth_method: ClientAuthMethod;
  /** With `private_key_jwt` either this or `jwks_uri`; otherwise neither. */
  readonly jwks?: { readonly keys: readonly Record<string, unknown>[] };
  readonly jwks_uri?: string;
  /** Absent: every scope that such a client may request. */
  readonly scope?: string;
}

/** What depends on how the metadata reaches the service. */
export interface MetadataRules {
  readonly authMethods: readonly ClientAuthMethod[];
  /** The method of metadata that names none. */
  readonly defaultAuthMethod: ClientAuthMethod;
}

/**
 * Reads the metadata of a client that no operator registers. Unknown members are ignored, as
 * RFC 7591 §2 requires, and so are those for people (`logo_uri`, `contacts`): nothing shows them.
 * Grants that such a client may not have are dropped, because clients list all that they know.
 *
 * @param json parsed
 * @throws MetadataError
 */
export function normalizeMetadata(json: unknown, rules: MetadataRules): RegistrationMetadata {
  if (!isObject(json)) throw invalidMetadata("the metadata is not a JSON object");
  const given = withoutEmpty(json);
  const hasKeys = (given["token_endpoint_auth_method"] ?? rules.defaultAuthMethod) === KEY_METHOD;
  if (!hasKeys) for (const name of ["jwks", "jwks_uri"]) delete given[name];
  const parsed = schemaOf(rules).safeParse(given);
  if (!parsed.success) throw errorOf(parsed.error.issues[0], given);
  const { data } = parsed;
  const grantTypes = GRANT_TYPES.filter((name) => data.grant_types.includes(name));
  if (!grantTypes.includes("authorization_code")) {
    throw invalidMetadata("grant_types: has no authorization_code");
  }
  if (!data.response_types.includes("code")) throw invalidMetadata("response_types: has no code");
  if (hasKeys && (data.jwks === undefined) === (data.jwks_uri === undefined)) {
    throw invalidMetadata("jwks: private_key_jwt needs either jwks or jwks_uri");
  }
  const scopeText = data.scope && permittedScope(data.scope);
  return {
    client_name: data.client_name,
    redirect_uris: [...new Set(data.redirect_uris)],
    grant_types: grantTypes,
    token_endpoint_auth_method: data.token_endpoint_auth_method,
    ...(data.jwks && { jwks: data.jwks }),
    ...(data.jwks_uri && { jwks_uri: data.jwks_uri }),
    ...(scopeText && { scope: scopeText }),
  };
}

const KEY_METHOD: ClientAuthMethod = "private_key_jwt";

/** Libraries send members that have no value as null or as an empty text. */
function withoutEmpty(json: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const filled = Object.entries(json).filter(([, value]) => value !== null && value !== "");
  return Object.fromEntries(filled);
}

const texts = () => z.array(z.string("is not text"), "is not a list");

function schemaOf({ authMethods, defaultAuthMethod }: MetadataRules) {
  return z.object({
    client_name: z._default(
      z.string("is not text").check(
        z.maxLength(NAME_LENGTH_MAX, `is longer than ${NAME_LENGTH_MAX} characters`),
        z.refine((text) => !hasControlCharacter(text), "has a control character"),
      ),
      "",
    ),
    redirect_uris: z
      .array(redirectUri(), "is missing or not a list")
      .check(
        z.minLength(1, "is empty"),
        z.maxLength(REDIRECT_URIS_MAX, `has more than ${REDIRECT_URIS_MAX} URIs`),
      ),
    grant_types: z._default(texts(), ["authorization_code"]),
    response_types: z._default(texts(), ["code"]),
    token_endpoint_auth_method: z._default(
      z.enum(authMethods, `must be ${authMethods.join(" or ")}`),
      defaultAuthMethod,
    ),
    jwks: z.optional(jwks()),
    jwks_uri: z.optional(z.string("is not text").check(z.refine(isPublicUrl, "is not public"))),
    scope: z.optional(scope()),
  });
}

const isPublicUrl = (text: string) => problemOfPublicUrl(text, null) === null;

/** Scopes that only an operator gives are dropped, as grants are. */
function permittedScope(text: string): string {
  const names = [...new Set(text.split(" "))].filter((name) => {
    return name !== "" && name !== ADMIN_SCOPE && !NAMED_SCOPES.includes(name);
  });
  // Without any it would get every scope that such a client may request.
  if (names.length === 0) throw invalidMetadata("scope: has no scope that a client may register");
  return names.join(" ");
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function errorOf(issue: Issue | undefined, given: Readonly<Record<string, unknown>>) {
  const { path = [], message = "" } = issue ?? {};
  const [field, index] = path;
  if (field !== "redirect_uris") return invalidMetadata(`${path.join(".")}: ${message}`);
  const uris = given["redirect_uris"];
  const uri = typeof index === "number" && Array.isArray(uris) ? String(uris[index]) : field;
  return new MetadataError("invalid_redirect_uri", `${uri.slice(0, QUOTE_LENGTH_MAX)}: ${message}`);
}

function invalidMetadata(description: string): MetadataError {
  return new MetadataError("invalid_client_metadata", description);
}
