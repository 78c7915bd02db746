import { WorkerEntrypoint } from "cloudflare:workers";
import { depsOf } from "../deps.ts";
import { parseScope } from "../protocol/scope.ts";
import type { AccessTokenContent } from "../tokens/access-token.ts";
import { decide, type Requirements, type Verification } from "./verification.ts";

/**
 * For other Workers, by service binding (`entrypoint = "TokenVerifier"`): tells whether an access
 * token is good. Never throws.
 */
export class TokenVerifier extends WorkerEntrypoint<Env> {
  /** Verifies one access token. */
  async verify(token: string, options: Requirements = {}): Promise<Verification> {
    // What a caller of another version, or without types, may send.
    if (typeof token !== "string") return { kind: "invalid_token" };
    try {
      const { issuer } = await depsOf(this.env);
      const isStrict = options.consistency === "strict";
      const content = isStrict ? await issuer.inspect(token) : await issuer.recall(token);
      return content === null ? { kind: "invalid_token" } : decide(toVerified(content), options);
    } catch (error) {
      console.error("a token could not be verified", error);
      return { kind: "unavailable" };
    }
  }
}

function toVerified(
  content: AccessTokenContent,
): Extract<Verification, { kind: "verified" }>["token"] {
  const { clientId, subject, scope, audience, claims, expiresAtMs } = content;
  return {
    clientId,
    subject,
    scope: parseScope(scope) ?? [],
    audience,
    claims,
    expiresAt: Math.floor(expiresAtMs / 1000),
  };
}
