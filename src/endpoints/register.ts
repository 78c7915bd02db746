import {
  type MetadataRules,
  normalizeMetadata,
  type RegistrationMetadata,
} from "../clients/registration-metadata.ts";
import { deriveClientSecret, sealClientId } from "../clients/sealed-client-id.ts";
import { fromUtf8, toHex } from "../crypto/bytes.ts";
import type { Deps } from "../deps.ts";
import { MetadataError } from "../errors/metadata-error.ts";
import { Refusal } from "../errors/refusal.ts";
import { CLIENT_AUTH_METHODS, needsSecret, REGISTRATION_SCOPE } from "../protocol/names.ts";
import { CLIENT_ID_LENGTH_MAX } from "../protocol/params.ts";
import { authenticateForScope } from "./authenticate-bearer.ts";
import { onMetadataError } from "./on-error.ts";
import { isJson, readBody, requireNoEncoding } from "./read-params.ts";
import type { RequestContext } from "./request-context.ts";
import { json } from "./respond.ts";

/** The method of metadata that names none is that of RFC 7591 §2. */
const RULES: MetadataRules = {
  authMethods: CLIENT_AUTH_METHODS,
  defaultAuthMethod: "client_secret_basic",
};

/** Length of the random part of a confidential client's id, in bytes. */
const RANDOM_BYTES = 16;

/**
 * `POST /o/register/` (RFC 7591): a client registers itself. Nothing is stored, so there is nothing
 * to limit: the id contains the metadata. Its row is written when a user consents.
 *
 * @throws Refusal, Unavailable
 */
export async function register(context: RequestContext, deps: Deps): Promise<Response> {
  const { registration } = deps.unregistered;
  if (registration === "off") throw new Refusal("unknown_path");
  if (registration === "token") await authenticateForScope(context, REGISTRATION_SCOPE, deps);
  try {
    const metadata = normalizeMetadata(await readJson(context), RULES);
    if (metadata.jwks_uri !== undefined && deps.unregistered.documents === null) {
      throw new MetadataError("invalid_client_metadata", "jwks_uri: is not fetched; send jwks");
    }
    return json(await registrationOf(metadata, deps), 201);
  } catch (error) {
    if (error instanceof MetadataError) return onMetadataError(error);
    throw error;
  }
}

/** The response (RFC 7591 §3.2.1): everything that is registered, after defaults. */
async function registrationOf(
  metadata: RegistrationMetadata,
  { unregistered: { idRing, secretRing }, clock, browser: { random } }: Deps,
): Promise<Record<string, unknown>> {
  const hasSecret = needsSecret(metadata.token_endpoint_auth_method);
  const distinction = hasSecret ? toHex(random(RANDOM_BYTES)) : "";
  const clientId = await sealClientId(idRing, metadata, distinction);
  if (clientId === null) {
    throw new MetadataError(
      "invalid_client_metadata",
      `the metadata is too long for a client id of ${CLIENT_ID_LENGTH_MAX} characters`,
    );
  }
  return {
    client_id: clientId,
    client_id_issued_at: Math.floor(clock() / 1000),
    ...(hasSecret && {
      client_secret: await deriveClientSecret(secretRing, idRing.sealing.id, clientId),
      client_secret_expires_at: 0,
    }),
    ...metadata,
    response_types: ["code"],
  };
}

/** @throws Refusal */
async function readJson({ request, url }: RequestContext): Promise<unknown> {
  if (url.search !== "") throw new Refusal("query_parameters");
  const text = fromUtf8(await readBody(request));
  requireNoEncoding(request);
  if (text === null || !isJson(request)) throw new Refusal("registration_not_json");
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal("registration_not_json");
  }
}
