import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import {
  problemOf,
  type Requirements,
  type Verification,
  type VerifiedToken,
  type Verifier,
} from "./verification.ts";

export { createJwksVerifier, type JwksVerifierOptions } from "./jwks-verifier.ts";
export type { Requirements, Verification, VerifiedToken, Verifier } from "./verification.ts";

/** How {@link bearer} guards a route. */
export interface BearerOptions extends Requirements {
  /** Finds the verifier of a request, such as `(c) => c.env.TOKENS`. */
  readonly verifier: (context: Context) => Verifier;
  /** The protection space that challenges name (RFC 9110 §11.5). */
  readonly realm?: string;
}

/** What a guarded route finds in its context. */
export interface BearerVariables {
  /** The token of the request, verified. */
  token: VerifiedToken;
}

/** What a quoted string takes as it is (RFC 9110 §5.6.4). */
const REALM = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

const AUTHORIZATION = /^Bearer +([\w\-.~+/]+=*)$/i;

/**
 * Guards a route with a bearer token (RFC 6750) of the `Authorization` header, never of the query
 * or the body. A route behind it reads `c.get("token")`.
 *
 * Challenges: none but the scheme when no credentials were sent (§3.1), `invalid_request` for a
 * malformed header, `invalid_token`, `insufficient_scope`. 503 when nobody could tell.
 *
 * @throws TypeError when a requirement is unknown or has no value: it must not pass for none
 */
export function bearer(options: BearerOptions): MiddlewareHandler<{ Variables: BearerVariables }> {
  const { verifier, realm = "api", ...requirements } = options;
  const problem = problemOf(requirements);
  if (problem !== null) throw new TypeError(problem);
  if (!REALM.test(realm)) throw new TypeError("realm has a character that cannot be quoted");
  return createMiddleware(async (context, next) => {
    const authorization = context.req.header("Authorization");
    if (authorization === undefined || !/^bearer(?: |$)/i.test(authorization)) {
      return challenge(context, 401, realm);
    }
    const token = AUTHORIZATION.exec(authorization)?.[1];
    if (token === undefined) return challenge(context, 400, realm, "invalid_request");
    const verification = await verifyWith(verifier(context), token, requirements);
    switch (verification.kind) {
      case "verified":
        context.set("token", verification.token);
        return next();
      case "invalid_token":
        return challenge(context, 401, realm, "invalid_token");
      case "insufficient_scope":
        return challenge(context, 403, realm, "insufficient_scope", verification.scope);
      case "unavailable":
        return context.json({ error: "temporarily_unavailable" }, 503, { "Retry-After": "1" });
    }
  });
}

/** For the developer of the API: the caller learns nothing but 503. */
const UNREACHABLE =
  "tollgate/bearer: the verifier failed, so the request was answered with 503. In development: " +
  "does the token service run, with the same version of wrangler, and does the binding name its " +
  'entrypoint "TokenVerifier"? See "In development" in docs/checking-tokens.md. Cause:';

/** A service binding throws when the service behind it cannot be reached. */
async function verifyWith(
  verifier: Verifier,
  token: string,
  requirements: Requirements,
): Promise<Verification> {
  try {
    return await verifier.verify(token, requirements);
  } catch (error) {
    console.error(UNREACHABLE, error);
    return { kind: "unavailable" };
  }
}

function challenge(
  context: Context,
  status: 400 | 401 | 403,
  realm: string,
  error?: string,
  scope?: string,
): Response {
  const attributes = [`realm="${realm}"`];
  if (error !== undefined) attributes.push(`error="${error}"`);
  if (scope !== undefined) attributes.push(`scope="${scope}"`);
  const headers = { "WWW-Authenticate": `Bearer ${attributes.join(", ")}` };
  return error === undefined
    ? context.body(null, status, headers)
    : context.json({ error }, status, headers);
}
