import { parseScope } from "../protocol/scope.ts";
import type { FamilyStore } from "../storage/families.ts";
import { begin, type LazyFamily } from "../tokens/family.ts";
import type { ImportedRefreshToken } from "../tokens/imported-token.ts";
import { PLAIN_LOGIN, type RefreshToken } from "../tokens/refresh-token.ts";

/**
 * How long the state of an imported token is kept after its expiry, in milliseconds: a Worker whose
 * clock is slow must not accept it again.
 */
const CLOCK_SLACK_MS = 86_400_000;

/**
 * Treats an imported refresh token as generation 0 of a family. The id of the object is derived
 * from the token's hash, so that the token is consumed exactly once, and needs no row before.
 */
export function importedFamily(
  { hash, clientId, userId: subject, scope, importedAtMs, expiresAtMs }: ImportedRefreshToken,
  families: FamilyStore,
): { predecessor: RefreshToken; lazyFamily: LazyFamily } {
  const predecessor: RefreshToken = {
    familyId: families.importedId(hash),
    generation: 0,
    clientId,
    subject,
    scope: parseScope(scope) ?? [],
    // The other server kept no more.
    ...PLAIN_LOGIN,
    createdAtMs: importedAtMs,
    issuedAtMs: importedAtMs,
  };
  // No key of ours sealed it, and its access token is not one of ours.
  const login = { clientId, subject, keyId: "", scope, audience: null };
  const began = begin(login, importedAtMs, { accessTokenMs: 0 });
  const state = { ...began, begunBy: "imported" } as const;
  return { predecessor, lazyFamily: { state, keptUntilMs: expiresAtMs + CLOCK_SLACK_MS } };
}
