import { type ClientEntry, parseClientEntry } from "../admin/entries.ts";
import { parseOrigin } from "../protocol/origin.ts";
import { codeFieldsOf, type PkcePolicy } from "./code-fields.ts";
import { credentialsOf } from "./credentials.ts";
import { type DumpRecord, type Mapping, textOf } from "./dump-record.ts";
import { problemsOf } from "./users.ts";

/** The grant types of a client, by the grant type of its application in DOT. */
const GRANT_TYPES: Readonly<Record<string, readonly string[]>> = {
  password: ["password", "refresh_token"],
  "client-credentials": ["client_credentials"],
  "authorization-code": ["authorization_code", "refresh_token"],
  "openid-hybrid": ["authorization_code", "refresh_token"],
};

/** Its tokens are in redirects, where others can read them (RFC 9700 §2.1.2). It has no logins. */
const IMPLICIT =
  "implicit is not supported: change the application to authorization-code with PKCE in Django, " +
  "or create the client with `client create`";

/** For a grant type that is not imported: existing sessions can still be refreshed. */
const REFRESH_ALONE: readonly string[] = ["refresh_token"];

/**
 * Converts an application to a client. Its secret is plain text (DOT before 2, or with
 * `hash_client_secret` off), which is hashed later, or already a hash.
 */
export function mapApplication(
  { fields }: DumpRecord,
  pkce: PkcePolicy = null,
): Mapping<ClientEntry> {
  const remarks: string[] = [];
  const grantType = textOf(fields["authorization_grant_type"]);
  if (grantType === "implicit") return { refusal: IMPLICIT };
  const credentials = credentialsOf(fields, remarks);
  if ("refusal" in credentials) return credentials;
  const { token_endpoint_auth_method: method, client_secret: secret } = credentials;
  // The schema of a file rejects a public client with a secret; only an import allows it.
  const keepsSecret = method === "none" && secret !== undefined;
  const grantTypes = grantTypesOf(grantType, remarks);
  const usesCodes = grantTypes.includes("authorization_code");
  try {
    const entry = parseClientEntry({
      client_id: fields["client_id"],
      client_name: textOf(fields["name"]),
      grant_types: grantTypes,
      allowed_origins: originsOf(textOf(fields["allowed_origins"]), remarks),
      ...codeFieldsOf(fields, { method, usesCodes, pkce }, remarks),
      ...credentials,
      token_endpoint_auth_method: keepsSecret ? "client_secret_basic" : method,
    });
    return { value: { ...entry, token_endpoint_auth_method: method }, remarks };
  } catch (error) {
    return { refusal: problemsOf(error) };
  }
}

function grantTypesOf(grantType: string, remarks: string[]): readonly string[] {
  const known = Object.hasOwn(GRANT_TYPES, grantType) ? GRANT_TYPES[grantType] : undefined;
  if (grantType === "openid-hybrid") {
    remarks.push(
      "openid-hybrid becomes authorization_code: the client must use response_type=code",
    );
  }
  if (known !== undefined) return known;
  const name = /^[a-z:_-]{1,64}$/.test(grantType) ? grantType : "its grant type";
  remarks.push(`${name} is not imported: the client can only refresh`);
  return REFRESH_ALONE;
}

function originsOf(text: string, remarks: string[]): readonly string[] {
  const origins = new Set<string>();
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const origin = parseOrigin(word);
    if (origin === null) {
      remarks.push(
        "allowed_origins: skipped values that are not origins such as https://app.example.com",
      );
    } else {
      origins.add(origin);
    }
  }
  return [...origins];
}
