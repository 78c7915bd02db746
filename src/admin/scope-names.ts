import { ADMIN_SCOPE, NAMED_SCOPES } from "../protocol/names.ts";
import { parseScope, type Scope } from "../protocol/scope.ts";

/** The fields of a client that hold scope names. */
const FIELDS = ["scope", "default_scope"] as const;

type ScopeFields = { readonly [Field in (typeof FIELDS)[number]]?: string | null | undefined };

/**
 * Finds scope names of a client that the service does not have and therefore never grants.
 *
 * @param scopes the setting `SCOPES`
 * @returns a problem for each field that has one, without the name that was sent
 */
export function unknownScopes(client: ScopeFields, scopes: Scope): string[] {
  const known = new Set([...scopes, ...NAMED_SCOPES, ADMIN_SCOPE]);
  return FIELDS.flatMap((field) => {
    const text = client[field] ?? "";
    // With a comma it is refused for that, or is what an older version took.
    const names = text.includes(",") ? [] : (parseScope(text) ?? []);
    const unknown = names.filter((name) => !known.has(name));
    if (unknown.length === 0) return [];
    return [
      `${field}: has ${unknown.length} of ${names.length} names that SCOPES does not have; ` +
        `SCOPES is: ${scopes.join(" ")}`,
    ];
  });
}
