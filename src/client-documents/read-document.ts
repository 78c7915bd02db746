import { normalizeMetadata, type RegistrationMetadata } from "../clients/registration-metadata.ts";
import { problemOfKey } from "../crypto/jwk-check.ts";
import { MetadataError } from "../errors/metadata-error.ts";
import { isObject } from "../protocol/json.ts";
import type { ClientAuthMethod } from "../protocol/names.ts";
import type { DocumentProblem } from "./fetch-document.ts";

/** A public document can contain no secret, so only these methods are left. */
const AUTH_METHODS: readonly ClientAuthMethod[] = ["none", "private_key_jwt"];

/** Most keys that are read of a set; those after them are ignored. */
const KEYS_MAX = 16;

/** Public keys of a client, as `private_key_jwt` uses them. */
export interface KeySet {
  readonly keys: readonly Record<string, unknown>[];
}

/** What a document says, or why it says nothing. */
export type Outcome<Value> = { readonly kind: "valid"; readonly value: Value } | DocumentProblem;

/**
 * Reads a client ID metadata document (draft-ietf-oauth-client-id-metadata-document §4).
 *
 * @param url where it was fetched: its `client_id`, byte for byte
 */
export function readClientDocument(url: string, text: string): Outcome<RegistrationMetadata> {
  const json = parseObject(text);
  if (json === null) return invalid("is not a JSON object");
  if (json["client_id"] !== url) return invalid("has a client_id other than its own URL");
  if (json["client_secret"] !== undefined) return invalid("has a client_secret, which is public");
  try {
    const rules = { authMethods: AUTH_METHODS, defaultAuthMethod: "none" } as const;
    return { kind: "valid", value: normalizeMetadata(json, rules) };
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    return invalid(`is invalid: ${error.description}`);
  }
}

/**
 * Reads the key set of a `jwks_uri` (RFC 7517 §5). Ignores keys of other kinds, and keys for
 * encryption: a set may have them for other servers.
 */
export function readKeySet(text: string): Outcome<KeySet> {
  const keys = parseObject(text)?.["keys"];
  if (!Array.isArray(keys)) return invalid("is not a JWK set");
  const usable = keys.filter((key) => problemOfKey(key, "verify") === null).slice(0, KEYS_MAX);
  if (usable.length === 0) return invalid("has no key that can verify a signature");
  return { kind: "valid", value: { keys: usable } };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(text);
    return isObject(json) ? json : null;
  } catch {
    return null;
  }
}

function invalid(problem: string): DocumentProblem {
  return { kind: "invalid", problem };
}
