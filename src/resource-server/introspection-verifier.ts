import { RESERVED_CLAIMS } from "../protocol/claims.ts";
import { USER_AGENT } from "../protocol/names.ts";
import { findResource } from "../protocol/resource.ts";
import { parseScope } from "../protocol/scope.ts";
import {
  decide,
  type Requirements,
  refusalOf,
  type Verification,
  type VerifiedToken,
  type Verifier,
} from "./verification.ts";

/** Options of {@link createIntrospectionVerifier}. */
export interface IntrospectionVerifierOptions {
  /** URL of the introspection endpoint, for example `https://login.example.com/o/introspect/`. */
  readonly endpoint: string;
  /** A client of the service that has the scope `introspection`. */
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Longest wait for a response, in milliseconds. */
const DEADLINE_MS = 5000;

/** Members of an introspection response (RFC 7662 §2.2). */
type Introspection = Readonly<Record<string, unknown>>;

/**
 * Verifies access tokens of any format by introspection (RFC 7662): exact, for one request to the
 * service each. For an API that is not a Worker of the service's account.
 *
 * @throws TypeError without an option, for example because of a missing variable
 */
export function createIntrospectionVerifier(options: IntrospectionVerifierOptions): Verifier {
  const { endpoint, clientId, clientSecret } = options;
  if (!endpoint || !clientId || !clientSecret) {
    throw new TypeError("endpoint, clientId and clientSecret are required");
  }
  const url = new URL(endpoint);
  const authorization = `Basic ${btoa(`${formEncode(clientId)}:${formEncode(clientSecret)}`)}`;

  async function verify(token: string, requirements: Requirements): Promise<Verification> {
    const refused = refusalOf(requirements);
    if (refused !== null) return refused;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { Authorization: authorization, "User-Agent": USER_AGENT },
        body: new URLSearchParams({ token }),
        // Following a redirect could send the token to another host.
        redirect: "manual",
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      if (response.status !== 200) return unavailable(`responded with ${response.status}`);
      const introspection = (await response.json()) as Introspection;
      const { active } = introspection;
      if (active === false) return { kind: "invalid_token" };
      // A proxy may answer in the service's place.
      if (active !== true) return unavailable("did not say whether the token is active");
      return decide(toVerified(introspection, requirements.audience), requirements);
    } catch {
      return unavailable("could not be reached");
    }
  }

  /** Any other status says nothing about the token. */
  function unavailable(problem: string): Verification {
    return { kind: "unavailable", problem: `the introspection endpoint ${url} ${problem}` };
  }

  return { verify };
}

function toVerified(introspection: Introspection, required: string | undefined): VerifiedToken {
  const { aud, client_id: clientId, exp, scope, sub, username } = introspection;
  const audiences = [aud].flat().filter((value) => typeof value === "string");
  const matching = required === undefined ? undefined : findResource(required, audiences);
  const others = Object.entries(introspection).filter(([name]) => !RESERVED_CLAIMS.has(name));
  return {
    clientId: String(clientId),
    // Only a token of a user has a user name.
    subject: username === undefined ? null : String(sub),
    scope: (typeof scope === "string" && parseScope(scope)) || [],
    audience: matching ?? audiences[0] ?? null,
    claims: Object.fromEntries(others),
    expiresAt: Number(exp),
  };
}

/** As HTTP Basic requires (RFC 6749 §2.3.1). */
function formEncode(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}
