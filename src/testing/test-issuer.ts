import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

/** Content of a test token. Omitted fields have defaults. */
export interface TestTokenOptions {
  readonly audience: string;
  readonly subject?: string;
  readonly clientId?: string;
  /** Space-separated. */
  readonly scope?: string;
  /** How long ago it was issued, in seconds. */
  readonly ageSeconds?: number;
  /** From issue to expiry, in seconds. Less than `ageSeconds` creates an expired token. */
  readonly lifetimeSeconds?: number;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** An issuer of JWT access tokens for tests, with its own key. */
export interface TestIssuer {
  readonly issuer: string;
  /** The response of the real service's `/o/.well-known/jwks.json`. */
  readonly jwks: { readonly keys: readonly JWK[] };
  /** Creates a token (RFC 9068) like the service's. */
  token(options: TestTokenOptions): Promise<string>;
}

/**
 * Creates an issuer with a new ES256 key. Serve its `jwks` where the API under test fetches keys.
 *
 * @param issuer the `iss` of its tokens
 */
export async function createTestIssuer(issuer: string): Promise<TestIssuer> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const header = { alg: "ES256", typ: "at+jwt", kid: crypto.randomUUID() };
  const publicJwk = { ...(await exportJWK(publicKey)), kid: header.kid, alg: "ES256", use: "sig" };
  return {
    issuer,
    jwks: { keys: [publicJwk] },
    token(options) {
      const { audience, clientId = "test-client", scope = "", claims = {} } = options;
      const { ageSeconds = 0, lifetimeSeconds = 3600, subject = "test-user" } = options;
      const issuedAt = Math.floor(Date.now() / 1000) - ageSeconds;
      const kind = subject === clientId ? "client" : "user";
      return new SignJWT({ ...claims, client_id: clientId, scope, sub_kind: kind })
        .setProtectedHeader(header)
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + lifetimeSeconds)
        .setJti(crypto.randomUUID())
        .sign(privateKey);
    },
  };
}
