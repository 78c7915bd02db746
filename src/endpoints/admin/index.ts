import { contextOf } from "../../admin/api/context.ts";
import type { Deps } from "../../deps.ts";
import { ADMIN_SCOPE } from "../../protocol/names.ts";
import { authenticateForScope } from "../authenticate-bearer.ts";
import type { RequestContext } from "../request-context.ts";
import { empty } from "../respond.ts";
import { methodNotAllowed, onProblem } from "./on-problem.ts";
import type { AdminEndpoint, AdminRequest } from "./routes.ts";

export { onProblem } from "./on-problem.ts";
export { ADMIN_ROUTES, hasChildWith } from "./routes.ts";

/**
 * Handles a request to the management API, including errors. Without CORS: pages cannot call it.
 *
 * @param inPath parameters of the path, decoded; empty if absent
 */
export async function answerAdmin(
  requestContext: RequestContext,
  inPath: Pick<AdminRequest, "id" | "sessionId" | "clientId">,
  endpoints: Readonly<Record<string, AdminEndpoint>>,
  deps: () => Promise<Deps>,
): Promise<Response> {
  const { request } = requestContext;
  const methods = [...Object.keys(endpoints), "OPTIONS"].join(", ");
  try {
    if (request.method === "OPTIONS") return empty(204, { Allow: methods });
    const endpoint = endpoints[request.method === "HEAD" ? "GET" : request.method];
    if (endpoint === undefined) return methodNotAllowed(methods);
    const composed = await deps();
    const actor = await authenticateForScope(requestContext, ADMIN_SCOPE, composed);
    const context = contextOf(composed.management, "client", actor);
    return await endpoint({ request, ...inPath, context, nowMs: composed.clock() });
  } catch (error) {
    return onProblem(error);
  }
}
