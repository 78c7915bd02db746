import { Refusal } from "../errors/refusal.ts";
import { authorizationCodeGrant } from "./authorization-code.ts";
import { clientCredentialsGrant } from "./client-credentials.ts";
import type { Grant } from "./grant.ts";
import { passwordGrant } from "./password.ts";
import { refreshTokenGrant } from "./refresh-token.ts";

/** Every grant of the service. Dispatch, metadata, management and documentation read this list. */
export const GRANTS: readonly Grant[] = [
  passwordGrant,
  authorizationCodeGrant,
  refreshTokenGrant,
  clientCredentialsGrant,
];

/** The values of `grant_type` that the service knows. */
export function grantTypes(): readonly string[] {
  return GRANTS.map(({ grantType }) => grantType);
}

/**
 * Finds the grant of a `grant_type`.
 *
 * @throws Refusal when it is absent or unknown; grant types are case-sensitive
 */
export function selectGrant(grantType: string | undefined): Grant {
  if (grantType === undefined) throw new Refusal("grant_type_missing");
  const grant = GRANTS.find((candidate) => candidate.grantType === grantType);
  if (grant === undefined) throw new Refusal("grant_type_unknown");
  return grant;
}
