import { FORWARDED_FOR } from "../endpoints/address.ts";
import { PATHS } from "../endpoints/paths.ts";
import { GRANTS } from "../grants/index.ts";
import { IDEMPOTENCY_KEY } from "../grants/refresh-token.ts";
import type { GrantType } from "../protocol/names.ts";
import {
  bodyOf,
  CORS_HEADERS,
  type Json,
  NO_STORE_HEADERS,
  type Operation,
  schemaRef,
} from "./operation.ts";
import { BODY_CLIENT_REFUSALS, BODY_REFUSALS } from "./refusals.ts";
import { CLIENT } from "./security.ts";

const GRANT_WORDS: Readonly<Record<GrantType, string>> = {
  password: "a user logs in: `username` and `password` (RFC 6749 §4.3)",
  refresh_token: "the next pair of tokens: `refresh_token`, which works once (RFC 6749 §6)",
  client_credentials: "the client acts for itself (RFC 6749 §4.4)",
};

/** A request of each grant, by its name; the client authenticates by HTTP Basic. */
const EXAMPLES: Readonly<Record<GrantType, Json>> = {
  password: {
    summary: "A user logs in (password)",
    value: { grant_type: "password", username: "ada", password: "correct horse", scope: "read" },
  },
  refresh_token: {
    summary: "The next pair of tokens (refresh_token)",
    value: { grant_type: "refresh_token", refresh_token: "tgr_..." },
  },
  client_credentials: {
    summary: "The client acts for itself (client_credentials)",
    value: { grant_type: "client_credentials", scope: "read" },
  },
};

const grants = GRANTS.map(({ grantType }) => `- \`${grantType}\`: ${GRANT_WORDS[grantType]}`);

/** `POST /o/token/`. */
export const tokenOperation: Operation = {
  path: PATHS.token,
  method: "post",
  id: "issueTokens",
  tag: "tokens",
  summary: "Get tokens",
  description: [
    "Issues an access token, and a refresh token where the client may refresh. Grants:\n",
    ...grants,
    "\nJSON, and only JSON, may leave `grant_type` out: with a `refresh_token` it is",
    "`refresh_token`, otherwise `password`.",
  ].join("\n"),
  parameters: [
    {
      name: "Idempotency-Key",
      in: "header",
      description:
        "For a refresh: any string, new for each. The same key with the same token, soon after, " +
        "gets the same new pair, so that an answer that was lost can be asked for again.",
      schema: { type: "string", pattern: IDEMPOTENCY_KEY.source },
    },
    {
      name: FORWARDED_FOR,
      in: "header",
      description:
        "For a login through a client with a secret or key: the address of the user's browser. " +
        "Limits on failed logins then count by that address. A public client's is ignored.",
      schema: { type: "string" },
    },
  ],
  requestBody: bodyOf("TokenForm", "TokenJson", EXAMPLES),
  security: CLIENT,
  success: {
    description: "The tokens.",
    headers: { ...NO_STORE_HEADERS, ...CORS_HEADERS },
    content: { "application/json": { schema: schemaRef("Tokens") } },
  },
  refusals: [
    ...BODY_REFUSALS,
    "grant_type_missing",
    "grant_type_unknown",
    "refresh_token_missing",
    "forwarded_address_malformed",
    "idempotency_key_malformed",
    ...BODY_CLIENT_REFUSALS,
    "username_missing",
    "password_missing",
    "username_control_character",
    "password_control_character",
    "user_unknown",
    "user_inactive",
    "password_wrong",
    "password_unusable",
    "password_too_long",
    "grant_not_allowed",
    "scope_not_allowed",
    "audience_not_allowed",
    "refresh_token_forged",
    "refresh_token_of_another_client",
    "refresh_token_ended",
    "family_unknown",
    "family_expired",
    "family_revoked",
    "family_raced",
    "family_reused",
    "address_throttled",
    "secret_throttled",
    "user_throttled",
    "client_throttled",
    "family_busy",
  ],
};
