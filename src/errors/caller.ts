import { type ErrorRows, INVALID_CLIENT, invalidRequest, type WireError } from "./row.ts";

const bearerError = (status: number, error: WireError["error"], description: string): WireError => {
  const headers = { "WWW-Authenticate": `Bearer error="${error}"` };
  return { status, error, description, headers };
};

const INVALID_TOKEN = bearerError(
  401,
  "invalid_token",
  "The access token is invalid, expired, revoked or for another service.",
);

const INSUFFICIENT_SCOPE = bearerError(
  403,
  "insufficient_scope",
  "The access token does not have the scope that this request needs.",
);

/** Reasons that lie in the caller of revocation, introspection or the management API. */
export const CALLER = {
  token_missing: {
    ...invalidRequest("Missing token parameter."),
    meaning: "A revocation or introspection request has no `token`.",
    fix: "Send the token in the parameter `token`.",
  },
  caller_is_public: {
    ...INVALID_CLIENT,
    meaning: "A public client requested introspection, which needs a client with a secret or key.",
    fix: "Introspect from a server, with a client of its own.",
    operator: "Register a client with a secret and the scope `introspection` for the API.",
  },
  caller_token_missing: {
    status: 401,
    error: "invalid_token",
    description: "The request has no access token.",
    // RFC 6750 §3.1: no error code for a request that does not try.
    headers: { "WWW-Authenticate": "Bearer" },
    meaning: "A management, registration or userinfo request has no bearer token.",
    fix:
      "Send the access token: for management one by `client_credentials` with the scope `admin`, " +
      "for registration with the scope `registration`, " +
      "for userinfo one of a user who signed in with `openid`.",
    operator: "Register a client for it: `client create ID --grant-types client_credentials`.",
  },
  access_token_twice: {
    ...invalidRequest("The access token is sent twice."),
    meaning: "A userinfo request has an access token in the header and another in the form.",
    fix: "Send it in the header `Authorization` alone.",
  },
  openid_not_granted: {
    ...INSUFFICIENT_SCOPE,
    headers: { "WWW-Authenticate": 'Bearer error="insufficient_scope", scope="openid"' },
    meaning: "The access token of a userinfo request does not have the scope `openid`.",
    fix: "Request the scope `openid` when the user signs in.",
  },
  caller_token_inactive: {
    ...INVALID_TOKEN,
    meaning:
      "The bearer token of an introspection, management, registration or userinfo request is " +
      "invalid, expired or revoked.",
    fix: "Get a new token. Introspection also accepts client authentication.",
  },
  caller_token_for_another: {
    ...INVALID_TOKEN,
    meaning:
      "The bearer token of an introspection, management or registration request is for another " +
      "API (its audience), which could have passed it on.",
    fix: "Request a token without `resource`, as a client that has no `audience`.",
    operator: "Register a separate client without an `audience` for this purpose.",
  },
  caller_scope_insufficient: {
    ...INSUFFICIENT_SCOPE,
    meaning:
      "The bearer token lacks the scope that the request needs (`introspection`, `admin` or " +
      "`registration`), or " +
      "its client is not, or no longer, registered for that scope by name.",
    fix: "Request the scope when you get the token.",
    operator:
      "Add `introspection` to `scope` of the client if it is a resource server, `admin` if it " +
      "manages users and clients, or `registration` if it registers clients.",
  },
  caller_is_user: {
    ...INSUFFICIENT_SCOPE,
    meaning:
      "The token of a management or registration request belongs to a user. No user may call this.",
    fix: "Call it from your server, with a token by `client_credentials`.",
    operator: "Find out why the client sent a user's token.",
  },
} satisfies ErrorRows;
