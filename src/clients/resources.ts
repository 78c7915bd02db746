/** The APIs for which every client may request tokens: listed by an operator, or stored. */
import { ADMIN_SCOPE } from "../protocol/names.ts";
import { findResource } from "../protocol/resource.ts";
import type { Scope } from "../protocol/scope.ts";
import type { ClientPolicy, Resource } from "./policy.ts";

/** An API as an operator lists it. */
export interface ListedResource {
  readonly uri: string;
  /** Null: all scopes, except those that a client has only by name. */
  readonly scope: Scope | null;
}

/** Gives APIs their scopes. @param scopes of a client without `scope` */
export function toResources(listed: readonly ListedResource[], scopes: Scope): readonly Resource[] {
  const ordinary = scopes.filter((scope) => scope !== ADMIN_SCOPE);
  return listed.map(({ uri, scope }) => ({ uri, scope: scope ?? ordinary }));
}

/** Adds stored APIs to those of the setting, which decides about an API that both list. */
export function withStored(policy: ClientPolicy, stored: readonly ListedResource[]): ClientPolicy {
  const known = policy.resources.map(({ uri }) => uri);
  const added = stored.filter(({ uri }) => findResource(uri, known) === undefined);
  return { ...policy, resources: [...policy.resources, ...toResources(added, policy.scopes)] };
}
