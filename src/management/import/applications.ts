import { parsePasswordRecord } from "../../crypto/password-record.ts";
import type { GrantType } from "../../protocol/names.ts";
import { originOf } from "../../protocol/origin.ts";
import { type ClientEntry, parseClientEntry } from "../entries.ts";
import type { DumpRecord, Mapping } from "./dump-record.ts";
import { hasherOf } from "./hashers.ts";
import { problemsOf } from "./users.ts";

/** What an application may do here, by its one grant type there. */
const GRANT_TYPES: Readonly<Record<string, readonly GrantType[]>> = {
  password: ["password", "refresh_token"],
  "client-credentials": ["client_credentials"],
};

/** What is left of a grant type that is not offered here: who is logged in stays so. */
const REFRESH_ALONE: readonly GrantType[] = ["refresh_token"];

/**
 * Reads an application as a client. Its secret is plain text (DOT before 2, or `hash_client_secret`
 * off) and stands as `client_secret`, which is to be hashed; or it is a record already.
 */
export function mapApplication({ fields }: DumpRecord): Mapping<ClientEntry> {
  const remarks: string[] = [];
  const secret = secretOf(fields);
  if ("refusal" in secret) return secret;
  try {
    const entry = parseClientEntry({
      client_id: fields["client_id"],
      client_name: textOf(fields["name"]),
      token_endpoint_auth_method: isPublic(fields) ? "none" : "client_secret_basic",
      grant_types: grantTypesOf(textOf(fields["authorization_grant_type"]), remarks),
      allowed_origins: originsOf(textOf(fields["allowed_origins"]), remarks),
      ...secret,
    });
    return { value: entry, remarks };
  } catch (error) {
    return { refusal: problemsOf(error) };
  }
}

type Secret =
  | { readonly client_secret?: string; readonly secret_record?: string }
  | { readonly refusal: string };

function secretOf(fields: DumpRecord["fields"]): Secret {
  if (isPublic(fields)) return {};
  const type = textOf(fields["client_type"]);
  if (type !== "confidential") return { refusal: "client_type: neither confidential nor public" };
  const secret = textOf(fields["client_secret"]);
  if (secret === "") return { refusal: "client_secret: is empty, and the client not public" };
  // As DOT tells them apart: whatever names no hasher is the secret itself.
  const hasher = hasherOf(secret);
  if (hasher === null) return { client_secret: secret };
  if (parsePasswordRecord(secret) !== null) return { secret_record: secret };
  return { refusal: `client_secret: hashed by ${hasher}, which is not read here: make the client` };
}

function grantTypesOf(grantType: string, remarks: string[]): readonly GrantType[] {
  const known = Object.hasOwn(GRANT_TYPES, grantType) ? GRANT_TYPES[grantType] : undefined;
  if (known !== undefined) return known;
  const name = /^[a-z:_-]{1,64}$/.test(grantType) ? grantType : "its grant type";
  remarks.push(`${name} is not offered here: it may refresh, and no more`);
  return REFRESH_ALONE;
}

function originsOf(text: string, remarks: string[]): readonly string[] {
  const origins = new Set<string>();
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const origin = originOf(word);
    if (origin === null) {
      remarks.push(
        "allowed_origins: left out what is not an origin such as https://app.example.com",
      );
    } else {
      origins.add(origin);
    }
  }
  return [...origins];
}

function isPublic(fields: DumpRecord["fields"]): boolean {
  return fields["client_type"] === "public";
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
