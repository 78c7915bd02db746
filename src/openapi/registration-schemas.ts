/** Request and response of the registration endpoint, as zod schemas; see schemas.ts. */
import * as z from "zod/mini";
import { CLIENT_AUTH_METHODS } from "../protocol/names.ts";
import { described, optional, seconds, text } from "./schemas.ts";

const clientMetadataMembers = {
  client_name: optional("Shown to users."),
  redirect_uris: described(
    z.array(z.string()),
    "https, http on the user's computer, or the scheme of an app; all three may occur.",
  ),
  grant_types: z.optional(
    described(z.array(z.string()), "Default: `authorization_code`. Others are dropped."),
  ),
  token_endpoint_auth_method: z.optional(
    described(z.enum(CLIENT_AUTH_METHODS), "Default: `client_secret_basic`."),
  ),
  jwks: z.optional(
    described(z.looseObject({}), "With `private_key_jwt`: the public keys, or else `jwks_uri`."),
  ),
  jwks_uri: optional("With `private_key_jwt`: where the keys are. Needs the setting `CIMD`."),
  scope: optional("Scope names separated by spaces. Default: all that such a client may request."),
};

/** Body of the registration endpoint (RFC 7591 §2). */
export const clientMetadata = z.object({
  ...clientMetadataMembers,
  response_types: z.optional(described(z.array(z.string()), "Contains `code`, the default.")),
});

/** Success response of the registration endpoint (RFC 7591 §3.2.1). */
export const registeredClient = z.object({
  client_id: text("Contains the metadata, sealed. At most 1024 characters."),
  client_id_issued_at: seconds("Now, in seconds since 1970."),
  client_secret: optional("Absent for a client without a secret."),
  client_secret_expires_at: z.optional(described(z.literal(0), "The secret does not expire.")),
  ...clientMetadataMembers,
  response_types: z.array(z.literal("code")),
});
