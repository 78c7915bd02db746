import type { Context, MiddlewareHandler } from "hono";
import { checkWithGuard, createGuard, type GuardOptions, requireScope } from "./check-request.ts";
import type { VerifiedToken, Verifier } from "./verification.ts";

export {
  type CheckOptions,
  checkRequest,
  type GuardOptions,
  type Target,
} from "./check-request.ts";
export {
  createIntrospectionVerifier,
  type IntrospectionVerifierOptions,
} from "./introspection-verifier.ts";
export { createJwksVerifier, type JwksVerifierOptions } from "./jwks-verifier.ts";
export {
  type ProtectedResource,
  type ProtectedResourceOptions,
  protectedResource,
} from "./protected-resource.ts";
export type { Requirements, Verification, VerifiedToken, Verifier } from "./verification.ts";

/** Options of {@link bearer}. */
export type BearerOptions = GuardOptions & {
  /** Returns the verifier of a request, for example `(c) => c.env.TOKENS`. */
  readonly verifier: (context: Context) => Verifier;
  /**
   * Required scopes, space-separated. A function reads them from the request, for example from the
   * tool that the body of an MCP request names: `async (c) => scopeOf(await c.req.json())`.
   */
  readonly scope?: string | ((context: Context) => string | Promise<string>);
};

/** Variables that {@link bearer} sets in the context. */
export interface BearerVariables {
  /** The verified token of the request. */
  token: VerifiedToken;
}

/**
 * Requires a bearer token (RFC 6750) in the `Authorization` header, never in the query or the body.
 * The route reads it with `c.get("token")`.
 *
 * Challenges: only the scheme if the request has no credentials (§3.1), `invalid_request` for a
 * malformed header, `invalid_token`, `insufficient_scope` with all scopes of the route. With
 * `resource` each of them names the metadata (RFC 9728), and a 401 the scopes to request. 503 if
 * the token cannot be checked.
 *
 * @throws TypeError when an option is unknown or has no value, which must not disable a check
 */
export function bearer(options: BearerOptions): MiddlewareHandler<{ Variables: BearerVariables }> {
  const { verifier, scope, ...guardOptions } = { scope: "", ...options };
  if (typeof scope !== "function") requireScope(scope);
  const guard = createGuard(guardOptions);
  return async (context, next) => {
    const required = typeof scope === "function" ? await scope(context) : scope;
    const access = await checkWithGuard(context.req.raw, guard, required, () => verifier(context));
    // Not the response itself: it would lose the headers that other middleware has set.
    if (access instanceof Response) return context.newResponse(access.body, access);
    context.set("token", access);
    return next();
  };
}
