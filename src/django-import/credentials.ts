import { parsePasswordHash } from "../crypto/password-hash.ts";
import { type DumpRecord, textOf } from "./dump-record.ts";
import { describeHasher, hasherOf } from "./hashers.ts";

type Fields = DumpRecord["fields"];

/** How a client proves itself, as fields of a client entry; or why it cannot be taken. */
export type DumpCredentials =
  | {
      readonly token_endpoint_auth_method: "client_secret_basic" | "private_key_jwt" | "none";
      readonly client_secret?: string;
      readonly secret_record?: string;
      readonly jwks?: unknown;
    }
  | { readonly refusal: string };

/** Methods of newer DOT that say no more than `client_type` does. */
const BY_CLIENT_TYPE = ["", "none", "client_secret_basic", "client_secret_post"];

/**
 * Reads how an application of DOT proves itself. A public one may have a secret: DOT takes a
 * request without it, and refuses a wrong one; for `client_credentials` it always asks for it.
 */
export function credentialsOf(fields: Fields, remarks: string[]): DumpCredentials {
  const method = textOf(fields["token_endpoint_auth_method"]);
  if (method === "private_key_jwt") return keysOf(fields, remarks);
  if (!BY_CLIENT_TYPE.includes(method)) {
    const name = /^[a-z_]{1,40}$/.test(method) ? method : "its method";
    return { refusal: `token_endpoint_auth_method: ${name} is not offered here: ${MAKE_IT}` };
  }
  const type = fields["client_type"];
  if (type === "public") return ofPublic(fields, remarks);
  if (type !== "confidential") return { refusal: "client_type: neither confidential nor public" };
  return ofConfidential(fields, remarks);
}

const MAKE_IT = "make the client here by `client create`";

function ofConfidential(fields: Fields, remarks: string[]): DumpCredentials {
  if (textOf(fields["client_secret"]) !== "") return withSecret(fields, "client_secret_basic");
  if (isPresent(fields["client_jwks"])) return keysOf(fields, remarks);
  if (actsForItself(fields)) {
    const problem = "client_secret: is empty, so that anyone gets its tokens there";
    return { refusal: `${problem}: ${MAKE_IT}, which gives it a secret` };
  }
  remarks.push("client_secret: is empty, which proves nothing: comes over as a public client");
  return { token_endpoint_auth_method: "none" };
}

function ofPublic(fields: Fields, remarks: string[]): DumpCredentials {
  if (textOf(fields["client_secret"]) === "") return { token_endpoint_auth_method: "none" };
  if (actsForItself(fields)) {
    remarks.push("is public, and needs its secret for all it may do: comes over as confidential");
    return withSecret(fields, "client_secret_basic");
  }
  const credentials = withSecret(fields, "none");
  if (!("refusal" in credentials)) return credentials;
  const reason = `its secret is hashed by ${describeHasher(textOf(fields["client_secret"]))}`;
  remarks.push(`${reason}, which is not read here: it must send none`);
  return { token_endpoint_auth_method: "none" };
}

function withSecret(fields: Fields, method: "client_secret_basic" | "none"): DumpCredentials {
  const secret = textOf(fields["client_secret"]);
  const isRecord = parsePasswordHash(secret) !== null;
  if (isRecord) return { token_endpoint_auth_method: method, secret_record: secret };
  // As DOT tells them apart: what names no hasher is the secret itself.
  if (hasherOf(secret) === null && !isHashedByOwn(fields)) {
    return { token_endpoint_auth_method: method, client_secret: secret };
  }
  const hasher = describeHasher(secret);
  return { refusal: `client_secret: hashed by ${hasher}, which is not read here: make the client` };
}

/** `HASHER$...$...` of a hasher that only the project knows, where DOT says that it hashes. */
function isHashedByOwn(fields: Fields): boolean {
  const isHashed = fields["hash_client_secret"] === true;
  return isHashed && /^[a-z][a-z0-9_]*\$.*\$./.test(textOf(fields["client_secret"]));
}

function keysOf(fields: Fields, remarks: string[]): DumpCredentials {
  const jwks = readJwks(fields["client_jwks"]);
  const hasAddress = isPresent(fields["client_jwks_uri"]);
  if (jwks === null) {
    const why = hasAddress ? "client_jwks_uri: keys are not fetched here" : "client_jwks: no keys";
    return { refusal: `${why}: put them into client_jwks there, or ${MAKE_IT} --jwks-file FILE` };
  }
  if (hasAddress) {
    remarks.push("client_jwks_uri: is not fetched here: the keys of client_jwks come over");
  }
  if (isPresent(fields["client_secret"])) {
    remarks.push("client_secret: is not brought over, since it signs with its key");
  }
  return { token_endpoint_auth_method: "private_key_jwt", jwks };
}

/** A JWK set (RFC 7517 §5), as JSON or as text of it. @returns null when there is none */
function readJwks(value: unknown): unknown {
  if (!isPresent(value)) return null;
  if (typeof value !== "string") return Array.isArray(value) ? { keys: value } : value;
  try {
    return readJwks(JSON.parse(value));
  } catch {
    return null;
  }
}

function actsForItself(fields: Fields): boolean {
  return fields["authorization_grant_type"] === "client-credentials";
}

function isPresent(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
