import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import {
  type ActiveToken,
  finishIntrospection,
  type PendingIntrospection,
  startIntrospection,
} from "../issuer/introspect.ts";
import { INTROSPECTION_SCOPE } from "../protocol/names.ts";
import type { Params } from "../protocol/params.ts";
import { createLookups } from "../storage/lookups.ts";
import {
  authenticateBearer,
  isRegisteredFor,
  limitBearer,
  readBearer,
  requireNamedScope,
} from "./authenticate-bearer.ts";
import { readClient, verifyClient } from "./authenticate-client.ts";
import { readParams, toParams } from "./read-params.ts";
import type { RequestContext } from "./request-context.ts";
import { json } from "./respond.ts";

const INACTIVE = { active: false } as const;

/**
 * `GET` and `POST /o/introspect/` (RFC 7662). The caller is a confidential client, or has a bearer
 * token with scope `introspection`. A client that is registered for `introspection` by name is a
 * resource server and can introspect all tokens; for other clients, tokens of others are not active
 * (RFC 7662 §2.2).
 *
 * @throws Refusal, Unavailable
 */
export async function introspect(context: RequestContext, deps: Deps): Promise<Response> {
  const { request } = context;
  const params = request.method === "POST" ? await readParams(context) : queryParams(context);
  const token = params.get("token");
  if (token === undefined) throw new Refusal("token_missing");
  const bearer = readBearer(request);
  const { pending, onlyOwn } =
    bearer === null
      ? await askedByClient(context, params, token, deps)
      : await askedByHolder(context, bearer, token, deps);
  const active = pending && (await finishIntrospection(pending, deps.issuer));
  if (active === null || (onlyOwn ?? active.clientId) !== active.clientId) return json(INACTIVE);
  return json(introspectionResponse(active, context.issuerUrl));
}

/** A token to introspect, for an authenticated caller. */
interface IntrospectionRequest {
  /** Null: the token is not valid. */
  readonly pending: PendingIntrospection | null;
  /** The only client whose tokens the caller may introspect, or null: all clients. */
  readonly onlyOwn: string | null;
}

/**
 * Locates the token before the client is verified, so that both share one D1 batch. For an
 * unauthenticated caller this costs one read with an authentic token, and nothing otherwise.
 */
async function askedByClient(
  context: RequestContext,
  params: Params,
  token: string,
  deps: Deps,
): Promise<IntrospectionRequest> {
  const lookups = createLookups(deps.lookups);
  const credentials = await readClient(context, params, deps);
  const pending = await startIntrospection(token, lookups, deps.issuer);
  const client = await verifyClient(context, credentials, lookups, deps);
  if (client.authMethod === "none") throw new Refusal("caller_is_public");
  return {
    pending,
    onlyOwn: isRegisteredFor(client, INTROSPECTION_SCOPE) ? null : client.clientId,
  };
}

async function askedByHolder(
  context: RequestContext,
  bearer: string,
  token: string,
  deps: Deps,
): Promise<IntrospectionRequest> {
  const lookups = createLookups(deps.lookups);
  const holder = await limitBearer(context, bearer, deps);
  const [pending, caller] = await Promise.all([
    startIntrospection(token, lookups, deps.issuer),
    startIntrospection(bearer, lookups, deps.issuer),
  ]);
  const active = await authenticateBearer(context, caller, holder, deps);
  await requireNamedScope(active, INTROSPECTION_SCOPE, lookups);
  return { pending, onlyOwn: null };
}

/** Only the token: credentials must not be in a URL (RFC 6749 §2.3.1). */
function queryParams({ url }: RequestContext): Params {
  const params = toParams([...url.searchParams]);
  return new Map([...params].filter(([name]) => name === "token"));
}

/** The introspection response (RFC 7662 §2.2). Without a user the client is the subject. */
function introspectionResponse(active: ActiveToken, issuerUrl: string): Record<string, unknown> {
  return {
    ...active.claims,
    active: true,
    scope: active.scope,
    exp: Math.floor(active.expiresAtMs / 1000),
    iat: Math.floor(active.issuedAtMs / 1000),
    client_id: active.clientId,
    ...(active.username === null ? {} : { username: active.username }),
    sub: active.subject ?? active.clientId,
    ...(active.audience === null ? {} : { aud: active.audience }),
    token_type: "Bearer",
    iss: issuerUrl,
  };
}
