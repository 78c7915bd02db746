import { parseScope } from "../protocol/scope.ts";
import { isLocal, warnOnce } from "./development.ts";
import { announcedScope, type ProtectedResource } from "./protected-resource.ts";
import {
  problemOf,
  type Requirements,
  type Verification,
  type VerifiedToken,
  type Verifier,
} from "./verification.ts";

/** The API that tokens must be for. */
export type Target =
  /** An API with metadata, which challenges name. */
  | { readonly resource: ProtectedResource; readonly audience?: never }
  /** The `aud` of tokens. `null` accepts the tokens of every API of the service. */
  | { readonly audience: string | null; readonly resource?: never };

/** Options of every check, besides scope and verifier. */
export type GuardOptions = Target &
  Pick<Requirements, "consistency"> & {
    /** The protection space in challenges (RFC 9110 §11.5). Default: `api`. */
    readonly realm?: string;
    /**
     * Whether the console gets the reason of each rejection, once. Default: whether the request was
     * made to localhost.
     */
    readonly development?: boolean;
  };

/** Options of {@link checkRequest}. */
export type CheckOptions = GuardOptions &
  Pick<Requirements, "scope"> & {
    /** `env.TOKENS` in a Worker, or a verifier by keys or introspection. */
    readonly verifier: Verifier;
  };

/** Validated options. */
export interface Guard {
  readonly resource: ProtectedResource | undefined;
  readonly requirements: Requirements;
  readonly realm: string;
  readonly development: boolean | undefined;
}

/** Characters that a quoted string contains unescaped (RFC 9110 §5.6.4). */
const REALM = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/**
 * A token with characters that RFC 6750 §2.1 does not allow is an invalid token, not an invalid
 * request: clients that have `user:grant:secret` of workers-oauth-provider sign in again after 401
 * only.
 */
const AUTHORIZATION = /^Bearer +(\S+)$/i;

const NO_AUDIENCE =
  "tollgate/bearer: set either `audience`, the URL of this API, or `resource`, the result of " +
  "protectedResource(). Without it this API would accept the tokens of every other API. If that " +
  "is intended, set `audience: null`.";

/**
 * Requires a bearer token (RFC 6750) in the `Authorization` header, never in the query or the body.
 * It needs no framework: it runs in Workers, Node, Deno and Bun.
 *
 * @example
 * const access = await checkRequest(request, { resource: notes, scope: "read", verifier });
 * if (access instanceof Response) return access;
 * console.log(access.subject);
 *
 * @returns the verified token, or the response to send: a challenge (see `bearer`), or the metadata
 *   of `resource` if the request is for it
 * @throws TypeError when an option is unknown or has no value, which must not disable a check
 */
export async function checkRequest(
  request: Request,
  options: CheckOptions,
): Promise<VerifiedToken | Response> {
  const { verifier, scope, ...guardOptions } = { scope: "", ...options };
  return checkWithGuard(request, createGuard(guardOptions), scope, () => verifier);
}

/** Validates options, so that one that is unknown or has no value disables no check. */
export function createGuard(options: GuardOptions): Guard {
  const { realm = "api", development, resource, audience, ...rest } = options;
  const target = resource?.resource ?? audience;
  const isOneSet = (resource === undefined) === "audience" in options;
  if (!isOneSet) throw new TypeError(NO_AUDIENCE);
  const requirements = target === null ? rest : { ...rest, audience: target };
  const problem = problemOf(requirements);
  if (problem !== null) throw new TypeError(`tollgate/bearer: ${problem}`);
  if (!REALM.test(realm))
    throw new TypeError("realm contains a character that is not allowed in a quoted string");
  // `problemOf` has rejected an audience that is undefined.
  return { resource, requirements: requirements as Requirements, realm, development };
}

/** Rejects a scope that is malformed, or not a string, which must not disable the check. */
export function requireScope(scope: unknown): void {
  if (typeof scope !== "string" || parseScope(scope) === null)
    throw new TypeError("scope must be a string of scopes separated by spaces");
}

/** Like {@link checkRequest}, with validated options. */
export async function checkWithGuard(
  request: Request,
  guard: Guard,
  scope: string,
  verifier: () => Verifier,
): Promise<VerifiedToken | Response> {
  const metadata = guard.resource?.metadataResponse(request);
  if (metadata) return metadata;
  requireScope(scope);
  const requirements = { ...guard.requirements, scope };
  const { audience } = requirements;

  function reject(status: number, reason: string, error?: string): Response {
    warn(reason);
    return challenge(status, guard, scope, error);
  }
  function warn(reason: string): void {
    if (!(guard.development ?? isLocal(request))) return;
    warnOnce(`tollgate/bearer rejects a request to ${audience ?? "this API"}: ${reason}.`);
  }

  const authorization = request.headers.get("Authorization");
  if (authorization === null || !/^bearer(?: |$)/i.test(authorization)) {
    return reject(401, missingReason(request, authorization));
  }
  const token = AUTHORIZATION.exec(authorization)?.[1];
  if (token === undefined) {
    return reject(400, "the Authorization header is not Bearer and one token", "invalid_request");
  }
  const verification = await verifyWith(verifier, token, requirements);
  switch (verification.kind) {
    case "verified":
      return verification.token;
    case "invalid_token":
      return reject(401, verification.reason ?? UNKNOWN_TOKEN, verification.kind);
    case "insufficient_scope":
      return reject(403, verification.reason ?? `it needs "${scope}"`, verification.kind);
    case "unavailable":
      if (verification.problem !== undefined) warn(verification.problem);
      return unavailable();
  }
}

const UNKNOWN_TOKEN =
  "the token is expired, revoked, or replaced by a refresh, or it is not an access token of the " +
  "token service";

function missingReason(request: Request, authorization: string | null): string {
  if (authorization !== null) return "the Authorization header has another scheme than Bearer";
  return new URL(request.url).searchParams.has("access_token")
    ? "the request has no Authorization header, and a token in the query is never read"
    : "the request has no Authorization header";
}

/** For the log of the API's developer. The caller only gets a 503. */
const UNREACHABLE =
  "tollgate/bearer: the verifier failed; the response is 503. In development, check that the " +
  "token service runs with the same version of wrangler and that the binding has the entrypoint " +
  '"TokenVerifier"; see "In development" in docs/checking-tokens.md. Cause:';

/** A service binding throws when the service behind it cannot be reached. */
async function verifyWith(
  verifier: () => Verifier,
  token: string,
  requirements: Requirements,
): Promise<Verification> {
  try {
    return await verifier().verify(token, requirements);
  } catch (error) {
    console.error(UNREACHABLE, error);
    return { kind: "unavailable" };
  }
}

/** RFC 6750 §3, RFC 9728 §5.1. Pages of other origins may read the challenge. */
function challenge(
  status: number,
  { realm, resource }: Guard,
  scope: string,
  error?: string,
): Response {
  const announced = announcedScope(scope);
  // Only clients that read the metadata look for a scope in a 401.
  const hasScope = announced !== "" && (status === 403 || resource !== undefined);
  const attributes = [
    `realm="${realm}"`,
    ...(error === undefined ? [] : [`error="${error}"`]),
    ...(hasScope ? [`scope="${announced}"`] : []),
    ...(resource === undefined ? [] : [`resource_metadata="${resource.metadataUrl}"`]),
  ];
  const headers = {
    "WWW-Authenticate": `Bearer ${attributes.join(", ")}`,
    "Access-Control-Expose-Headers": "WWW-Authenticate",
  };
  return error === undefined
    ? new Response(null, { status, headers })
    : Response.json({ error }, { status, headers });
}

function unavailable(): Response {
  const headers = { "Retry-After": "1" };
  return Response.json({ error: "temporarily_unavailable" }, { status: 503, headers });
}
