import type { ClientEntry } from "../admin/entries.ts";
import { invalid } from "../errors/management-error.ts";
import { INTROSPECTION_SCOPE, NAMED_SCOPES } from "../protocol/names.ts";
import type { Tally } from "./report.ts";

/** Options of {@link nameIntrospectors}. */
export interface IntrospectionOptions {
  /** Ids of the clients that get the scope `introspection`. */
  readonly introspectors: readonly string[];
  /** All scopes of the service. */
  readonly scopes: readonly string[];
}

/**
 * Gives the scope `introspection` to the clients that are named, and reports those that lose it:
 * DOT answers every confidential client about every token, and this service only those that have
 * the scope by name.
 *
 * @throws ManagementError `invalid` when a named client is not a new confidential one of the dump
 */
export function nameIntrospectors(
  entries: readonly ClientEntry[],
  { introspectors, scopes }: IntrospectionOptions,
  tally: Tally,
): readonly ClientEntry[] {
  const confidential = entries.filter((entry) => entry.token_endpoint_auth_method !== "none");
  const ids = confidential.map(({ client_id }) => client_id);
  const unknown = introspectors.filter((id) => !ids.includes(id));
  if (unknown.length > 0) {
    throw invalid(
      ...unknown.map((id) => `--introspection ${id}: is no new confidential client of the dump`),
    );
  }
  const losing = ids.filter((id) => !introspectors.includes(id));
  if (losing.length > 0) {
    tally.warn(
      `${losing.length} confidential clients can introspect their own tokens alone, which DOT ` +
        `did not restrict: ${losing.join(", ")}. Give --introspection ID for each that checks ` +
        "the tokens of others, or name the scope in its entry later",
    );
  }
  const open = scopes.filter((scope) => !NAMED_SCOPES.includes(scope));
  const scope = [...open, INTROSPECTION_SCOPE].join(" ");
  const own = open.length === 0 ? {} : { default_scope: open.join(" ") };
  return entries.map((entry) => {
    return introspectors.includes(entry.client_id) ? { ...entry, scope, ...own } : entry;
  });
}
