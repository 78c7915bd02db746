/**
 * A Worker of another project, in its own tests: `test/system/package.test.ts` copies it to where
 * the package is installed, and binds `TOKENS` to the fake verifier that it exports.
 */
import { Hono } from "hono";
import { bearer, createJwksVerifier, type Verifier } from "tollgate/bearer";
import type { Manager } from "tollgate/management";
import { createTestIssuer, fakeToken, revokedToken } from "tollgate/testing";

export { FakeTokenVerifier } from "tollgate/testing/worker";

const ISSUER = "https://login.example.com";
const AUDIENCE = "https://api.example.com";

const app = new Hono<{ Bindings: { TOKENS: Verifier } }>();

const guard = bearer({ scope: "read", audience: AUDIENCE, verifier: ({ env }) => env.TOKENS });
app.get("/things", guard, (context) => context.json({ subject: context.get("token").subject }));

/** Tokens for the test to send, since the kit has to be imported where the package is installed. */
app.get("/tokens", async (context) => {
  const issuer = await createTestIssuer(ISSUER);
  return context.json({
    good: fakeToken({ subject: "ada", scope: ["read"], audience: AUDIENCE }),
    narrow: fakeToken({ scope: ["write"], audience: AUDIENCE }),
    expired: fakeToken({ scope: ["read"], audience: AUDIENCE, expiresAt: 1 }),
    revoked: revokedToken,
    jwt: await issuer.token({ audience: AUDIENCE }),
    keys: issuer.jwks.keys.length,
    verifier: typeof createJwksVerifier({ issuer: ISSUER, audience: AUDIENCE }).verify,
  });
});

/** Never called: that it passes the type checker is all. */
export async function nameOf(users: Manager, id: string): Promise<string | null> {
  const found = await users.getUser({ id });
  return found.kind === "ok" ? found.user.username : null;
}

export default app;
