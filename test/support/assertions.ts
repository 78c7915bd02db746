import type { JWK } from "jose";
import { ISSUER } from "./checks.ts";
import { algorithmOf, type Claims, signer, writeJws } from "./jws.ts";
import { keyId, publicHalf } from "./keys.ts";
import { type Fields, post } from "./requests.ts";
import type { WholeAnswer } from "./responses.ts";
import type { Service } from "./service.ts";

/** `client_assertion_type` of a JWT (RFC 7523 §2.2). */
export const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Registers a client that authenticates by these keys. */
export async function registerKeyClient(
  service: Service,
  clientId: string,
  ...keys: readonly JWK[]
): Promise<void> {
  const named = await Promise.all(
    keys.map(async (key) => ({ ...publicHalf(key), kid: await keyId(key) })),
  );
  await registerUnnamedKeys(service, clientId, ...named);
}

/** The same with each key as it is, such as without a `kid`. */
export async function registerUnnamedKeys(
  service: Service,
  clientId: string,
  ...keys: readonly JWK[]
): Promise<void> {
  const named = keys.map((key) => ({ ...publicHalf(key), ...(key.kid ? { kid: key.kid } : {}) }));
  await service.register({
    clients: [
      {
        client_id: clientId,
        token_endpoint_auth_method: "private_key_jwt",
        grant_types: ["password", "refresh_token", "client_credentials"],
        jwks: { keys: named },
      },
    ],
  });
}

/** Claims of an assertion that is valid for one request within a minute. */
export function assertionClaims(clientId: string, claims: Claims = {}): Claims {
  const issuedAt = Math.floor(Date.now() / 1000);
  return {
    iss: clientId,
    sub: clientId,
    aud: ISSUER,
    iat: issuedAt,
    exp: issuedAt + 60,
    jti: crypto.randomUUID(),
    ...claims,
  };
}

/** Writes an assertion. A claim of `undefined` is left out. */
export async function newAssertion(
  clientId: string,
  key: JWK,
  claims: Claims = {},
  headers: Claims = {},
): Promise<string> {
  const header = { alg: algorithmOf(key), kid: await keyId(key), ...headers };
  return writeJws(header, assertionClaims(clientId, claims), signer(key));
}

/** Asks for a token of the client's own, or for whatever the fields say, with an assertion. */
export function askByAssertion(
  service: Service,
  assertion: string,
  fields: Fields = { grant_type: "client_credentials" },
  path = "/o/token/",
): Promise<WholeAnswer> {
  const body = { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion, ...fields };
  return post(service, new URLSearchParams(body), {}, path);
}
