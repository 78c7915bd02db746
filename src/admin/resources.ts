import { invalid, ManagementError } from "../errors/management-error.ts";
import { ADMIN_SCOPE, NAMED_SCOPES, OPENID_SCOPES } from "../protocol/names.ts";
import { RESOURCES_MAX } from "../protocol/resource.ts";
import type { Scope } from "../protocol/scope.ts";
import { type PageRange, RegistryConflict } from "../storage/registry.ts";
import type { ResourceRow } from "../storage/resources.ts";
import type { AdminDeps } from "./deps.ts";
import { type Listing, listPage } from "./listing.ts";

/** An API for which every client may request tokens, as shown by the management API. */
export interface ResourceView {
  readonly uri: string;
  /** Separated by spaces; absent: all of `SCOPES` but `admin` and `introspection`. */
  readonly scope?: string;
}

/** Lists the stored resources by URI, one page. The setting `RESOURCES` has more. */
export function listResources(
  page: PageRange,
  { registry }: AdminDeps,
): Promise<Listing<ResourceView>> {
  return listPage(
    (some) => registry.listResources(some),
    page,
    ({ uri }) => uri,
    viewOf,
  );
}

/** @throws ManagementError `not_found` */
export async function showResource(uri: string, deps: AdminDeps): Promise<ResourceView> {
  return viewOf(await findStored(uri, deps));
}

/**
 * Adds a resource, or replaces it, also if its origin is spelled with or without a slash.
 *
 * @param input with a valid URI
 * @throws ManagementError `invalid` for an unknown scope, or when there would be too many
 */
export async function setResource(
  { uri, scope }: { readonly uri: string; readonly scope?: string | undefined },
  { registry, scopes, resources }: AdminDeps,
): Promise<void> {
  const names = scope?.split(" ").filter((name) => name !== "") ?? null;
  if (names !== null && scopes !== undefined) requireOrdinary(names, scopes);
  const fields = { scope: names?.join(" ") ?? null };
  const rowsMax = RESOURCES_MAX - (resources?.length ?? 0);
  try {
    await registry.write([{ kind: "set_resource", uri, fields, rowsMax }]);
  } catch (error) {
    if (!(error instanceof RegistryConflict)) throw error;
    throw invalid(`uri: there are ${RESOURCES_MAX} resources already, with those of RESOURCES`);
  }
}

/** Removes a resource. @throws ManagementError `not_found` */
export async function deleteResource(uri: string, deps: AdminDeps): Promise<void> {
  const { uri: stored } = await findStored(uri, deps);
  try {
    await deps.registry.write([{ kind: "delete_resource", uri: stored }]);
  } catch (error) {
    throw error instanceof RegistryConflict ? notFound(uri) : error;
  }
}

/** @throws ManagementError `invalid`, without quoting the names */
function requireOrdinary(names: Scope, scopes: Scope): void {
  const reserved = [ADMIN_SCOPE, ...NAMED_SCOPES];
  const known = [...scopes, ...OPENID_SCOPES].filter((name) => !reserved.includes(name));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw invalid(
    `scope: ${unknown.length} of ${names.length} names are not in SCOPES, or a client has them ` +
      "only by name",
  );
}

async function findStored(uri: string, { registry }: AdminDeps): Promise<ResourceRow> {
  const row = await registry.findResource(uri);
  if (row === null) throw notFound(uri);
  return row;
}

function notFound(uri: string): ManagementError {
  return new ManagementError("not_found", { kind: "resource", name: uri });
}

function viewOf({ uri, scope }: ResourceRow): ResourceView {
  return scope === null ? { uri } : { uri, scope };
}
