import type { Deps } from "../../deps.ts";
import { Refusal } from "../../errors/refusal.ts";
import { ADMIN_SCOPE } from "../../protocol/names.ts";
import {
  authenticateBearer,
  limitBearer,
  readBearer,
  requireNamedScope,
} from "../authenticate-bearer.ts";
import type { RequestContext } from "../request-context.ts";

/**
 * Authenticates the caller of the management API: a client that acts for itself, whose token has
 * the scope `admin`. A user's token is rejected, whatever its scope.
 *
 * @returns the client's id
 * @throws Refusal, Unavailable
 */
export async function authorizeAdmin(context: RequestContext, deps: Deps): Promise<string> {
  const { request } = context;
  if (!request.headers.has("Authorization")) throw new Refusal("caller_token_missing");
  const bearer = readBearer(request);
  if (bearer === null) throw new Refusal("caller_token_inactive");
  const holder = await limitBearer(context, bearer, deps);
  const lookups = deps.lookups();
  const pending = await deps.issuer.startIntrospection(bearer, lookups);
  const active = await authenticateBearer(context, pending, holder, deps);
  if (active.subject !== null) throw new Refusal("caller_is_user");
  await requireNamedScope(active, ADMIN_SCOPE, lookups);
  return active.clientId;
}
