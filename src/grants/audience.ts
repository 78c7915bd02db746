import { Refusal } from "../protocol/refusal.ts";
import type { Client } from "../storage/accounts.ts";

/**
 * Which API an access token is for (RFC 8707 §2): the one that `resource` names, else the client's
 * first. One `resource` a request: a repeated parameter is refused.
 *
 * @throws Refusal `audience_not_allowed` when it is not registered for the client
 */
export function audienceOf(resource: string | undefined, client: Client): string | null {
  if (resource === undefined) return client.audiences[0] ?? null;
  if (!client.audiences.includes(resource)) throw new Refusal("audience_not_allowed");
  return resource;
}
