import { fromUtf8, hmacSha256, toBase64Url, utf8 } from "../crypto/bytes.ts";
import type { KeyRing } from "../crypto/key-ring.ts";
import { sealToken, unsealToken } from "../crypto/seal.ts";
import { CLIENT_SECRET_PREFIX } from "../protocol/names.ts";
import { CLIENT_ID_LENGTH_MAX } from "../protocol/params.ts";
import type { RegistrationMetadata } from "./registration-metadata.ts";

/** How the id of a client that registered itself begins. */
export const CLIENT_ID_PREFIX = "tgd_";

/** Purpose of the ring that seals these ids. */
export const CLIENT_ID_PURPOSE = "client id";

/** Purpose of the ring that derives the secrets of these clients. */
export const CLIENT_SECRET_PURPOSE = "client secret";

/** The metadata in a short form: an id has little room. Sealed: the order cannot change. */
type Compact = readonly [
  name: string,
  redirectUris: readonly string[],
  hasRefreshToken: 0 | 1,
  authMethod: RegistrationMetadata["token_endpoint_auth_method"],
  /** A set, its URI, or null. */
  keys: RegistrationMetadata["jwks"] | string | null,
  scope: string | null,
  /** Tells apart confidential clients with the same metadata; empty for a public client. */
  random: string,
];

/**
 * Makes the id of a client that registers itself (RFC 7591): its metadata, sealed, so that nothing
 * is stored (RFC 7591 appendix A.5.2). Public clients with equal metadata have the same id.
 *
 * @param random for a confidential client: another id each time
 * @returns null if the id would be longer than {@link CLIENT_ID_LENGTH_MAX}
 */
export async function sealClientId(
  ring: KeyRing,
  metadata: RegistrationMetadata,
  random: string,
): Promise<string | null> {
  const compact: Compact = [
    metadata.client_name,
    metadata.redirect_uris,
    metadata.grant_types.includes("refresh_token") ? 1 : 0,
    metadata.token_endpoint_auth_method,
    metadata.jwks ?? metadata.jwks_uri ?? null,
    metadata.scope ?? null,
    random,
  ];
  const body = utf8(JSON.stringify(compact));
  const sealed = await sealToken(CLIENT_ID_PREFIX, ring.sealing, body, Number.POSITIVE_INFINITY);
  return sealed.length > CLIENT_ID_LENGTH_MAX ? null : sealed;
}

/** A client id that was read. */
export interface OpenedClientId {
  readonly metadata: RegistrationMetadata;
  /** The ring key that sealed it, which derives its secret too. */
  readonly keyId: string;
}

/** Reads a client id. @returns null for any id that this service did not make */
export async function unsealClientId(
  ring: KeyRing,
  clientId: string,
): Promise<OpenedClientId | null> {
  const opened = await unsealToken(CLIENT_ID_PREFIX, ring, clientId, CLIENT_ID_LENGTH_MAX);
  const text = opened && fromUtf8(opened.plaintext);
  if (opened === null || text === null) return null;
  // The seal proves that this service wrote it.
  const [name, redirectUris, hasRefreshToken, authMethod, keys, scope] = JSON.parse(
    text,
  ) as Compact;
  const metadata: RegistrationMetadata = {
    client_name: name,
    redirect_uris: redirectUris,
    grant_types: ["authorization_code", ...(hasRefreshToken ? (["refresh_token"] as const) : [])],
    token_endpoint_auth_method: authMethod,
    ...(typeof keys === "string" ? { jwks_uri: keys } : keys && { jwks: keys }),
    ...(scope === null ? {} : { scope }),
  };
  return { metadata, keyId: opened.keyId };
}

/**
 * The secret of a confidential client: a MAC of its id, so that it need not be stored either.
 *
 * @param ring with the purpose {@link CLIENT_SECRET_PURPOSE}
 * @param keyId of the key that sealed the id
 * @throws TypeError when the ring has no such key
 */
export async function deriveClientSecret(
  ring: KeyRing,
  keyId: string,
  clientId: string,
): Promise<string> {
  const key = ring.keys.get(keyId);
  if (key === undefined) throw new TypeError("unknown ring key");
  return CLIENT_SECRET_PREFIX + toBase64Url(await hmacSha256(key.mac, utf8(clientId)));
}
