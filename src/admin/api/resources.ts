/**
 * The management API for APIs for every client, shared by HTTP and RPC: validates untrusted input,
 * calls `../resources.ts` and writes an audit event. All functions throw ManagementError, and
 * Unavailable when D1 fails.
 */

import type { Listing } from "../listing.ts";
import type { ResourceView } from "../resources.ts";
import * as resources from "../resources.ts";
import { type ApiContext, auditCall } from "./context.ts";
import { pageInput, read, resourceInput, resourceUriInput } from "./input.ts";

/** Lists the stored resources by URI, one page. */
export async function listResources(
  input: unknown,
  { deps }: ApiContext,
): Promise<Listing<ResourceView>> {
  return resources.listResources(read(pageInput, input), deps);
}

/** Returns a resource. */
export async function getResource(uri: unknown, { deps }: ApiContext): Promise<ResourceView> {
  return resources.showResource(read(resourceUriInput, uri), deps);
}

/** Adds a resource, or replaces its scopes. */
export async function setResource(input: unknown, context: ApiContext): Promise<ResourceView> {
  const resource = read(resourceInput, input);
  await resources.setResource(resource, context.deps);
  auditCall("set_resource", {}, context);
  return resources.showResource(resource.uri, context.deps);
}

/** Removes a resource: no further token is issued for it, unless a client has it as `audience`. */
export async function deleteResource(uri: unknown, context: ApiContext): Promise<void> {
  await resources.deleteResource(read(resourceUriInput, uri), context.deps);
  auditCall("delete_resource", {}, context);
}
