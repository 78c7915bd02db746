import { Hono } from "hono";
import { bearer, createJwksVerifier, type Verifier } from "tollgate/bearer";

interface Bindings {
  /** The token service's entrypoint `TokenVerifier`; see wrangler.toml. */
  TOKENS: Verifier;
  /** Origin of the token service: the issuer of its JWTs. */
  ISSUER: string;
}

/** What this API is called: a token for another one is of no use here. */
const audience = "https://api.example.com";

const app = new Hono<{ Bindings: Bindings }>();

/** Any access token of the service, verified by RPC: good for what must be quick. */
app.get(
  "/things",
  bearer({ scope: "read", audience, verifier: ({ env }) => env.TOKENS }),
  (context) => {
    const { subject, scope } = context.get("token");
    return context.json({ things: ["a", "b"], subject, scope });
  },
);

/** The same, exactly: a token that was revoked a moment ago is refused. */
app.delete(
  "/things",
  bearer({ scope: "write", audience, consistency: "strict", verifier: ({ env }) => env.TOKENS }),
  (context) => context.json({ deletedBy: context.get("token").subject }),
);

/** JWTs alone, verified with the service's public keys, which any server anywhere can do. */
let jwks: Verifier | undefined;
const byKeys = (issuer: string): Verifier => {
  jwks ??= createJwksVerifier({ issuer, audience });
  return jwks;
};
app.get(
  "/reports",
  bearer({ scope: "read", verifier: ({ env }) => byKeys(env.ISSUER) }),
  (context) => {
    return context.json({ report: 42, tenant: context.get("token").claims["tenant"] ?? null });
  },
);

export default app;
