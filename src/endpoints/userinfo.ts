import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import { finishIntrospection, startIntrospection } from "../issuer/introspect.ts";
import { OPENID_SCOPE } from "../protocol/names.ts";
import type { Params } from "../protocol/params.ts";
import { parseScope } from "../protocol/scope.ts";
import { createLookups } from "../storage/lookups.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import { lookUpProfile, releasedClaims } from "../users/released-claims.ts";
import { limitBearer, readBearer } from "./authenticate-bearer.ts";
import { readParams } from "./read-params.ts";
import type { RequestContext } from "./request-context.ts";
import { json } from "./respond.ts";

/**
 * `GET` and `POST /o/userinfo/` (OIDC Core §5.3): what the client may know of the user. The
 * audience of the access token is not checked: a client that has one API by default could not call
 * this endpoint otherwise, and an API that receives a token with `openid` is trusted with it.
 *
 * @throws Refusal, Unavailable
 */
export async function userinfo(context: RequestContext, deps: Deps): Promise<Response> {
  if (!deps.policy.hasOpenId) throw new Refusal("unknown_path");
  const bearer = await readAccessToken(context);
  const holder = await limitBearer(context, bearer, deps);
  const lookups = createLookups(deps.lookups);
  const pending = await startIntrospection(bearer, lookups, deps.issuer);
  // In the same round trip.
  if (pending?.kind === "own" && pending.subject !== null) lookups.profile(pending.subject);
  const active = pending && (await finishIntrospection(pending, deps.issuer));
  if (active === null) throw new Refusal("caller_token_inactive");
  deps.addressFilter.exempt(context.address, holder);
  const { clientId, subject, claims, claimNames } = active;
  setLogFields({ clientId });
  const scope = parseScope(active.scope) ?? [];
  if (subject === null || !scope.includes(OPENID_SCOPE)) throw new Refusal("openid_not_granted");
  setLogFields({ userId: subject });
  const profile = await lookUpProfile(subject, lookups);
  return json({ ...releasedClaims(claims, profile, scope, claimNames ?? null), sub: subject });
}

/** The access token, from the header or the form (RFC 6750 §2.1, §2.2). */
async function readAccessToken(context: RequestContext): Promise<string> {
  const { request } = context;
  const inHeader = readBearer(request);
  const params: Params = request.method === "POST" ? await readParams(context) : new Map();
  const inBody = params.get("access_token");
  if (inHeader !== null && inBody !== undefined) throw new Refusal("access_token_twice");
  const token = inHeader ?? inBody;
  if (token === undefined) throw new Refusal("caller_token_missing");
  return token;
}
