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
