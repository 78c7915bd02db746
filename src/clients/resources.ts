/** The APIs for which every client may request tokens: listed by the setting, or stored. */
import { ADMIN_SCOPE } from "../protocol/names.ts";
import { findResource } from "../protocol/resource.ts";
import type { Scope } from "../protocol/scope.ts";

/** An API as an operator lists it. */
export interface ListedResource {
  readonly uri: string;
  /** Null: all scopes, except those that a client has only by name. */
  readonly scope: Scope | null;
}

/** An API for which any client may request tokens. */
export interface Resource {
  /** Its identifier, as tokens spell it. */
  readonly uri: string;
  readonly scope: Scope;
}

/** Gives APIs their scopes. @param scopes of a client without `scope` */
export function toResources(listed: readonly ListedResource[], scopes: Scope): readonly Resource[] {
  const ordinary = scopes.filter((scope) => scope !== ADMIN_SCOPE);
  return listed.map(({ uri, scope }) => ({ uri, scope: scope ?? ordinary }));
}

/** Adds stored APIs to those of the setting, which decides about an API that both list. */
export function addStored(
  resources: readonly Resource[],
  stored: readonly ListedResource[],
  scopes: Scope,
): readonly Resource[] {
  const known = resources.map(({ uri }) => uri);
  const added = stored.filter(({ uri }) => findResource(uri, known) === undefined);
  return [...resources, ...toResources(added, scopes)];
}
