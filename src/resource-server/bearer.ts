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

/** Options of {@link bearer}. */
export interface BearerOptions extends Requirements {
  /** Returns the verifier of a request, for example `(c) => c.env.TOKENS`. */
  readonly verifier: (context: Context) => Verifier;
  /** The protection space in challenges (RFC 9110 §11.5). */
  readonly realm?: string;
}

/** Variables that {@link bearer} sets in the context. */
export interface BearerVariables {
  /** The verified token of the request. */
  token: VerifiedToken;
}

/** Characters that a quoted string contains unescaped (RFC 9110 §5.6.4). */
const REALM = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

const AUTHORIZATION = /^Bearer +([\w\-.~+/]+=*)$/i;

/**
 * Requires a bearer token (RFC 6750) in the `Authorization` header, never in the query or the body.
 * The route reads it with `c.get("token")`.
 *
 * Challenges: only the scheme if the request has no credentials (§3.1), `invalid_request` for a
 * malformed header, `invalid_token`, `insufficient_scope`. 503 if the token cannot be checked.
 *
 * @throws TypeError when a requirement is unknown or has no value, which must not disable it
 */
export function bearer(options: BearerOptions): MiddlewareHandler<{ Variables: BearerVariables }> {
  const { verifier, realm = "api", ...requirements } = options;
  const problem = problemOf(requirements);
  if (problem !== null) throw new TypeError(problem);
  if (!REALM.test(realm))
    throw new TypeError("realm contains a character that is not allowed in a quoted string");
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

/** For the log of the API's developer. The caller only gets a 503. */
const UNREACHABLE =
  "tollgate/bearer: the verifier failed; the response is 503. In development, check that the " +
  "token service runs with the same version of wrangler and that the binding has the entrypoint " +
  '"TokenVerifier"; see "In development" in docs/checking-tokens.md. Cause:';

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
