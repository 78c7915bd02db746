import { parseScope } from "../protocol/scope.ts";
import type { FamilyStore } from "../storage/families.ts";
import { type Adoption, begin } from "../tokens/family.ts";
import type { ImportedRefreshToken } from "../tokens/imported-token.ts";
import type { RefreshToken } from "../tokens/refresh-token.ts";

/**
 * How long an adopted family outlasts its imported token, in milliseconds: while a Worker whose
 * clock is behind may still take the token for good, the object must remember that it is consumed.
 */
const CLOCK_SLACK_MS = 86_400_000;

/**
 * Takes an imported refresh token for generation 0 of a family, whose object has the id of the
 * token's hash: so it is consumed exactly once, as any other, without a row of its own before.
 */
export function adopt(
  { hash, clientId, userId: subject, scope, importedAtMs, expiresAtMs }: ImportedRefreshToken,
  families: FamilyStore,
): { predecessor: RefreshToken; adoption: Adoption } {
  const predecessor: RefreshToken = {
    familyId: families.adoptedId(hash),
    generation: 0,
    clientId,
    subject,
    scope: parseScope(scope) ?? [],
    // The server that made it kept none.
    resource: null,
    createdAtMs: importedAtMs,
    issuedAtMs: importedAtMs,
  };
  // No key of ours sealed it, and its access token is none of ours.
  const login = { clientId, subject, keyId: "", scope, audience: null };
  const state = begin(login, importedAtMs, { accessTokenMs: 0 });
  return { predecessor, adoption: { state, keptUntilMs: expiresAtMs + CLOCK_SLACK_MS } };
}
