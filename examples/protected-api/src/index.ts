import { Hono } from "hono";
import { bearer, createJwksVerifier, type Verifier } from "tollgate/bearer";

interface Bindings {
  /** The entrypoint `TokenVerifier` of the token service; see wrangler.toml. */
  TOKENS: Verifier;
  /** Origin of the token service, the issuer of its JWTs. */
  ISSUER: string;
}

/** The required audience of tokens: this API. */
const audience = "https://api.example.com";

const app = new Hono<{ Bindings: Bindings }>();

/** Accepts any access token, verified by RPC with the fast check. */
app.get(
  "/things",
  bearer({ scope: "read", audience, verifier: ({ env }) => env.TOKENS }),
  (context) => {
    const { subject, scope } = context.get("token");
    return context.json({ things: ["a", "b"], subject, scope });
  },
);

/** The same with the strict check: rejects a token that was revoked a moment ago. */
app.delete(
  "/things",
  bearer({ scope: "write", audience, consistency: "strict", verifier: ({ env }) => env.TOKENS }),
  (context) => context.json({ deletedBy: context.get("token").subject }),
);

/** Accepts only JWTs, verified with the service's public keys. Works on any server. */
let jwks: Verifier | undefined;
const byKeys = (issuer: string): Verifier => {
  jwks ??= createJwksVerifier({ issuer, audience });
  return jwks;
};
app.get(
  "/reports",
  bearer({ scope: "read", audience, verifier: ({ env }) => byKeys(env.ISSUER) }),
  (context) => {
    return context.json({ report: 42, tenant: context.get("token").claims["tenant"] ?? null });
  },
);

export default app;
