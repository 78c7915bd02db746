import type { ClientEntry } from "../admin/entries.ts";
import { invalid } from "../errors/management-error.ts";
import { INTROSPECTION_SCOPE, NAMED_SCOPES, OPENID_SCOPES } from "../protocol/names.ts";
import type { KnownClient } from "./known-accounts.ts";
import type { Tally } from "./report.ts";

/** Options of {@link nameIntrospectors}. */
export interface IntrospectionOptions {
  /** Ids of the clients that get the scope `introspection`. */
  readonly introspectors: readonly string[];
  /** All scopes of the service. */
  readonly scopes: readonly string[];
}

/**
 * Gives the scope `introspection` to the named clients, and reports the others: DOT lets every
 * confidential client introspect every token, and this service only clients with that scope. A
 * named client that already exists stays unchanged, so that an import can be repeated.
 *
 * @param entries the new clients
 * @param clients every client of the dump
 * @throws ManagementError `invalid` when a named client is neither an existing client nor a new
 *   confidential one of the dump
 */
export function nameIntrospectors(
  entries: readonly ClientEntry[],
  clients: Iterable<KnownClient>,
  { introspectors, scopes }: IntrospectionOptions,
  tally: Tally,
): readonly ClientEntry[] {
  const confidential = entries.filter((entry) => entry.token_endpoint_auth_method !== "none");
  const ids = confidential.map(({ client_id }) => client_id);
  const kept = new Set<string>();
  for (const { fate, clientId } of clients) if (fate === "kept") kept.add(clientId);
  const unknown = introspectors.filter((id) => !ids.includes(id) && !kept.has(id));
  if (unknown.length > 0) {
    throw invalid(
      ...unknown.map((id) => `--introspection ${id}: not a confidential client of the dump`),
    );
  }
  const unchanged = introspectors.filter((id) => kept.has(id));
  if (unchanged.length > 0) {
    tally.warn(
      `--introspection does not change existing clients: ${unchanged.join(", ")}. ` +
        "To give one the scope, use client update ID --scope",
    );
  }
  const losing = ids.filter((id) => !introspectors.includes(id));
  if (losing.length > 0) {
    tally.warn(
      `${losing.length} confidential clients can introspect only their own tokens, ` +
        `unlike in DOT: ${losing.join(", ")}. Use --introspection ID for each that checks ` +
        "tokens of other clients, or add the scope to the client later",
    );
  }
  const open = scopes.filter((scope) => !NAMED_SCOPES.includes(scope));
  const own = open.length === 0 ? {} : { default_scope: open.join(" ") };
  return entries.map((entry) => {
    if (!introspectors.includes(entry.client_id)) return entry;
    // A client whose scope is set has these only if it names them.
    const openId = entry.grant_types.includes("authorization_code") ? OPENID_SCOPES : [];
    return { ...entry, scope: [...open, ...openId, INTROSPECTION_SCOPE].join(" "), ...own };
  });
}
