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

/**
 * The same at a refresh. A login that named an API has tokens for that one alone (RFC 8707 §2.2);
 * one that named none may name any that is registered for the client.
 *
 * @param granted what the login named, or null
 * @throws Refusal `audience_not_allowed`, also when the client has lost the login's API since
 */
export function refreshedAudience(
  resource: string | undefined,
  granted: string | null,
  client: Client,
): string | null {
  if (granted === null) return audienceOf(resource, client);
  if (resource !== undefined && resource !== granted) throw new Refusal("audience_not_allowed");
  return audienceOf(granted, client);
}
