import { parsePasswordHash } from "../crypto/password-hash.ts";
import { type DumpRecord, textOf } from "./dump-record.ts";
import { describeHasher, hasherOf } from "./hashers.ts";

type Fields = DumpRecord["fields"];

/** The authentication method of a client, as fields of an entry; or why it is rejected. */
export type DumpCredentials =
  | {
      readonly token_endpoint_auth_method: "client_secret_basic" | "private_key_jwt" | "none";
      readonly client_secret?: string;
      readonly secret_record?: string;
      readonly jwks?: unknown;
    }
  | { readonly refusal: string };

/** Methods of newer DOT versions that add nothing to `client_type`. */
const BY_CLIENT_TYPE = ["", "none", "client_secret_basic", "client_secret_post"];

/**
 * Reads the authentication method of a DOT application. A public one may have a secret: DOT accepts
 * a request without it and rejects a wrong one, and requires it for `client_credentials`.
 */
export function credentialsOf(fields: Fields, remarks: string[]): DumpCredentials {
  const method = textOf(fields["token_endpoint_auth_method"]);
  if (method === "private_key_jwt") return keysOf(fields, remarks);
  if (!BY_CLIENT_TYPE.includes(method)) {
    const name = /^[a-z_]{1,40}$/.test(method) ? method : "its method";
    return { refusal: `token_endpoint_auth_method: ${name} is not supported; ${MAKE_IT}` };
  }
  const type = fields["client_type"];
  if (type === "public") return ofPublic(fields, remarks);
  if (type !== "confidential") return { refusal: "client_type: must be confidential or public" };
  return ofConfidential(fields, remarks);
}

const MAKE_IT = "create the client with `client create`";

function ofConfidential(fields: Fields, remarks: string[]): DumpCredentials {
  if (textOf(fields["client_secret"]) !== "") return withSecret(fields, "client_secret_basic");
  if (isPresent(fields["client_jwks"])) return keysOf(fields, remarks);
  if (actsForItself(fields)) {
    const problem = "client_secret: is empty, so anyone can get its tokens";
    return { refusal: `${problem}; ${MAKE_IT}, which generates a secret` };
  }
  remarks.push("client_secret: is empty: imported as a public client");
  return { token_endpoint_auth_method: "none" };
}

function ofPublic(fields: Fields, remarks: string[]): DumpCredentials {
  if (textOf(fields["client_secret"]) === "") return { token_endpoint_auth_method: "none" };
  if (actsForItself(fields)) {
    remarks.push("public, but always needs its secret: imported as confidential");
    return withSecret(fields, "client_secret_basic");
  }
  const credentials = withSecret(fields, "none");
  if (!("refusal" in credentials)) return credentials;
  const reason = `its secret is hashed with ${describeHasher(textOf(fields["client_secret"]))}`;
  remarks.push(`${reason}, which is not supported: the client must not send a secret`);
  return { token_endpoint_auth_method: "none" };
}

function withSecret(fields: Fields, method: "client_secret_basic" | "none"): DumpCredentials {
  const secret = textOf(fields["client_secret"]);
  const isRecord = parsePasswordHash(secret) !== null;
  if (isRecord) return { token_endpoint_auth_method: method, secret_record: secret };
  // Like DOT: a value that does not name a hasher is the plain secret.
  if (hasherOf(secret) === null && !isHashedByOwn(fields)) {
    return { token_endpoint_auth_method: method, client_secret: secret };
  }
  const hasher = describeHasher(secret);
  return { refusal: `client_secret: hashed with ${hasher}, which is not supported; ${MAKE_IT}` };
}

/** Whether the secret is a hash of a custom hasher: `HASHER$...$...` with `hash_client_secret`. */
function isHashedByOwn(fields: Fields): boolean {
  const isHashed = fields["hash_client_secret"] === true;
  return isHashed && /^[a-z][a-z0-9_]*\$.*\$./.test(textOf(fields["client_secret"]));
}

function keysOf(fields: Fields, remarks: string[]): DumpCredentials {
  const jwks = readJwks(fields["client_jwks"]);
  const hasAddress = isPresent(fields["client_jwks_uri"]);
  if (jwks === null) {
    const why = hasAddress ? "client_jwks_uri: keys are not fetched" : "client_jwks: no keys";
    return { refusal: `${why}; set client_jwks in Django, or ${MAKE_IT} --jwks-file FILE` };
  }
  if (hasAddress) {
    remarks.push("client_jwks_uri: not fetched: imported with the keys of client_jwks");
  }
  if (isPresent(fields["client_secret"])) {
    remarks.push("client_secret: not imported, because the client authenticates with its key");
  }
  return { token_endpoint_auth_method: "private_key_jwt", jwks };
}

/** Reads a JWK set (RFC 7517 §5), as a value or as JSON text. @returns null when there is none */
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
