import { WorkerEntrypoint } from "cloudflare:workers";
import { getDeps } from "../deps.ts";
import { getEarlyDeps, newRequestId } from "../early-deps.ts";
import { recordError } from "../errors/classify.ts";
import { introspect, verifyFast } from "../issuer/introspect.ts";
import { parseScope } from "../protocol/scope.ts";
import {
  decide,
  type Requirements,
  refusalOf,
  type Verification,
  type VerifiedToken,
} from "../resource-server/verification.ts";
import { createLookups } from "../storage/lookups.ts";
import type { Outcome } from "../telemetry/request-line.ts";
import { setLogFields, withRequestLog } from "../telemetry/request-log.ts";
import type { AccessTokenContent } from "../tokens/access-token.ts";

const OUTCOMES: Readonly<Record<Verification["kind"], Outcome>> = {
  verified: "ok",
  invalid_token: "refused",
  insufficient_scope: "refused",
  unavailable: "unavailable",
};

/**
 * Verifies access tokens for other Workers, by service binding (`entrypoint = "TokenVerifier"`).
 * Never throws.
 */
export class TokenVerifier extends WorkerEntrypoint<Env> {
  /** Verifies one access token. */
  async verify(token: string, options: Requirements = {}): Promise<Verification> {
    const { observer } = getEarlyDeps(this.env);
    const record = observer.begin(newRequestId());
    return withRequestLog(record, async () => {
      const verification = await verify(token, options, this.env);
      if (verification.kind === "verified") setLogFields({ clientId: verification.token.clientId });
      else setLogFields({ error: verification.kind });
      observer.end(record, { event: "verify", outcome: OUTCOMES[verification.kind] });
      return verification;
    });
  }
}

async function verify(token: string, options: Requirements, env: Env): Promise<Verification> {
  const refused = refusalOf(options);
  if (refused !== null) return refused;
  // An untyped caller, or one of another version, may send anything.
  if (typeof token !== "string") return { kind: "invalid_token" };
  try {
    const deps = await getDeps(env);
    const lookups = createLookups(deps.lookups);
    const isStrict = options.consistency === "strict";
    const content = isStrict
      ? await introspect(token, lookups, deps.issuer)
      : await verifyFast(token, lookups, deps.issuer);
    return content === null ? { kind: "invalid_token" } : decide(toVerified(content), options);
  } catch (error) {
    recordError(error);
    return { kind: "unavailable" };
  }
}

function toVerified(content: AccessTokenContent): VerifiedToken {
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
