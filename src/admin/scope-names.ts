import { ADMIN_SCOPE, NAMED_SCOPES, OPENID_SCOPES } from "../protocol/names.ts";
import { parseScope, type Scope } from "../protocol/scope.ts";

/** The fields of a client that hold scope names. */
const FIELDS = ["scope", "default_scope"] as const;

type ScopeFields = { readonly [Field in (typeof FIELDS)[number]]?: string | null | undefined };

/**
 * Finds scope names of a client that are not in SCOPES and are therefore never granted.
 *
 * @param scopes the setting `SCOPES`
 * @returns one problem for each affected field, without quoting the unknown names
 */
export function unknownScopes(client: ScopeFields, scopes: Scope): string[] {
  const known = new Set([...scopes, ...NAMED_SCOPES, ...OPENID_SCOPES, ADMIN_SCOPE]);
  return FIELDS.flatMap((field) => {
    const text = client[field] ?? "";
    // A comma is rejected elsewhere, or was accepted by an older version.
    const names = text.includes(",") ? [] : (parseScope(text) ?? []);
    const unknown = names.filter((name) => !known.has(name));
    if (unknown.length === 0) return [];
    return [
      `${field}: ${unknown.length} of ${names.length} names are not in SCOPES, ` +
        `which is: ${scopes.join(" ")}`,
    ];
  });
}
