import { PATHS } from "../endpoints/urls.ts";
import { bodyOf, CORS_HEADERS, NO_STORE_HEADERS, type Operation } from "./operation.ts";
import { BODY_CLIENT_REFUSALS, BODY_REFUSALS } from "./refusals.ts";
import { CLIENT } from "./security.ts";

/** `POST /o/revoke_token/`. */
export const revocationOperation: Operation = {
  path: PATHS.revocation,
  method: "post",
  id: "revokeToken",
  tag: "tokens",
  summary: "Revoke a token",
  description:
    "Revokes a token of the client and the other token of its pair (RFC 7009). The response is " +
    "the same for an unknown token, a revoked token and a token of another client.",
  requestBody: bodyOf("Revocation", "Revocation", {
    token: { summary: "An access or refresh token", value: { token: "tga_..." } },
  }),
  security: CLIENT,
  success: {
    description: "The token is revoked. There is no body.",
    headers: { ...NO_STORE_HEADERS, ...CORS_HEADERS },
  },
  refusals: [
    ...BODY_REFUSALS,
    "token_missing",
    ...BODY_CLIENT_REFUSALS,
    "address_throttled",
    "secret_throttled",
    "family_busy",
  ],
};
