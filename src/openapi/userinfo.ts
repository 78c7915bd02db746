import { PATHS } from "../endpoints/urls.ts";
import { bodyOf, CORS_HEADERS, NO_STORE_HEADERS, type Operation, schemaRef } from "./operation.ts";
import { BODY_REFUSALS } from "./refusals.ts";

const common = {
  path: PATHS.userinfo,
  tag: "tokens",
  summary: "Who the user is",
  description:
    "Claims about the user of an access token (OIDC Core §5.3), within its scope, which must " +
    "have `openid`. The path is unknown while the service has no key for ID tokens.",
  success: {
    description: "The claims.",
    headers: { ...NO_STORE_HEADERS, ...CORS_HEADERS },
    content: { "application/json": { schema: schemaRef("Userinfo") } },
  },
  security: [{ user: [] }],
} as const;

const refusals = [
  "caller_token_missing",
  "caller_token_inactive",
  "openid_not_granted",
  "address_throttled",
  "family_busy",
] as const;

/** `GET /o/userinfo/`. */
export const userinfoByGet: Operation = {
  ...common,
  method: "get",
  id: "getUserinfo",
  refusals,
};

/** `POST /o/userinfo/`. */
export const userinfoByPost: Operation = {
  ...common,
  method: "post",
  id: "postUserinfo",
  summary: "Who the user is, with the token in the header or the form",
  requestBody: {
    ...bodyOf("UserinfoRequest", "UserinfoRequest", {
      form: { summary: "The token in the form", value: { access_token: "tga_..." } },
    }),
    required: false,
  },
  security: [...common.security, {}],
  refusals: [...BODY_REFUSALS, ...refusals, "access_token_twice"],
};
