import { FORWARDED_FOR } from "../endpoints/request-context.ts";
import { PATHS } from "../endpoints/urls.ts";
import { GRANTS } from "../grants/index.ts";
import { IDEMPOTENCY_KEY } from "../grants/refresh-token.ts";
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

/** One line per grant, such as "- `password`: A user logs in ...". */
const grantLines = GRANTS.map(({ grantType, summary, specification, parameters }) => {
  const names = Object.keys(parameters).map((name) => `\`${name}\``);
  const needs = names.length === 0 ? "" : `; needs ${names.join(" and ")}`;
  return `- \`${grantType}\`: ${summary} (${specification})${needs}`;
});

/** An example request of each grant, by its name. The client authenticates by HTTP Basic. */
const examples: Json = Object.fromEntries(
  GRANTS.map(({ grantType, summary, example }) => {
    const value = { grant_type: grantType, ...example };
    return [grantType, { summary: `${summary} (${grantType})`, value }];
  }),
);

/** `POST /o/token/`. */
export const tokenOperation: Operation = {
  path: PATHS.token,
  method: "post",
  id: "issueTokens",
  tag: "tokens",
  summary: "Get tokens",
  description: [
    "Issues an access token, and a refresh token if the client may refresh. Grants:\n",
    ...grantLines,
    "\nOnly a JSON body may omit `grant_type`. The default is `refresh_token` if there is a",
    "parameter of that name, otherwise `password`.",
  ].join("\n"),
  parameters: [
    {
      name: "Idempotency-Key",
      in: "header",
      description:
        "For a refresh: any string, a new one for each refresh. To retry after a lost response, " +
        "send the same key with the same token soon after; the response is the same new pair.",
      schema: { type: "string", pattern: IDEMPOTENCY_KEY.source },
    },
    {
      name: FORWARDED_FOR,
      in: "header",
      description:
        "The address of the user's browser, from a client with a secret or a key. Failed logins " +
        "are then counted by that address. Ignored from a public client.",
      schema: { type: "string" },
    },
  ],
  requestBody: bodyOf("TokenForm", "TokenJson", examples),
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
    "forwarded_address_malformed",
    ...BODY_CLIENT_REFUSALS,
    "grant_not_allowed",
    ...GRANTS.flatMap(({ refusals }) => refusals),
    "scope_not_allowed",
    "audience_not_allowed",
    "address_throttled",
    "secret_throttled",
    "family_busy",
  ],
};
