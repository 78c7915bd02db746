import { fromBase64, fromUtf8 } from "../crypto/bytes.ts";
import { Refusal } from "../errors/refusal.ts";
import { decodeFormComponent, type Params } from "../protocol/params.ts";
import type { ClientAuthenticator } from "./authenticator.ts";
import { publicCredentials } from "./none.ts";
import { secretCredentials } from "./secret.ts";

/**
 * HTTP Basic (RFC 6749 §2.3.1, RFC 7617): `base64(form(id) ":" form(secret))`, padding optional.
 * An empty secret is an omitted one: the client is public.
 */
export const basicAuthenticator: ClientAuthenticator = {
  methods: ["client_secret_basic", "client_secret_post"],
  parameters: [],
  scheme: "basic",

  read({ authorization, params, address }) {
    const [, encoded = "", ...rest] = (authorization ?? "").trim().split(/\s+/);
    if (encoded === "" || rest.length > 0) throw new Refusal("client_credentials_malformed");
    const { clientId, secret } = decodeCredentials(encoded);
    refuseContradiction(params, clientId, secret);
    return secret === ""
      ? publicCredentials(clientId)
      : secretCredentials(clientId, secret, address);
  },
};

function decodeCredentials(encoded: string): { clientId: string; secret: string } {
  const bytes = fromBase64(encoded);
  const text = bytes && fromUtf8(bytes);
  const colon = text?.indexOf(":") ?? -1;
  if (!text || colon === -1) throw new Refusal("client_credentials_malformed");
  const clientId = decodeFormComponent(text.slice(0, colon));
  const secret = decodeFormComponent(text.slice(colon + 1));
  if (!clientId || secret === null) throw new Refusal("client_credentials_malformed");
  return { clientId, secret };
}

/** One method per request (RFC 6749 §2.3); equal credentials in header and body are allowed. */
function refuseContradiction(params: Params, clientId: string, secret: string): void {
  const bodyClientId = params.get("client_id") ?? clientId;
  const bodySecret = params.get("client_secret") ?? secret;
  if (bodyClientId !== clientId || bodySecret !== secret) {
    throw new Refusal("client_credentials_conflict");
  }
}
