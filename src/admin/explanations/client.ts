import type { Explanation, Reason } from "./explanation.ts";

const SAME_ANSWER =
  "The answer is the same for every failed client, so that nobody learns which ids exist.";

const invalid = (meaning: string, client: string, operator: string): Explanation => {
  return { status: 401, error: "invalid_client", meaning, client, operator };
};

/** Reasons that lie in who the client is and what it may do. */
export const CLIENT_EXPLANATIONS = {
  client_credentials_missing: invalid(
    "The request names no client at all.",
    "Send HTTP Basic, `client_id` and `client_secret` in the body, or a public client's " +
      "`client_id`.",
    "Nothing, unless a proxy strips the `Authorization` header.",
  ),
  client_credentials_malformed: invalid(
    "The `Authorization` header is not HTTP Basic as RFC 6749 §2.3.1 has it, or a " +
      "`client_secret` " +
      "or a client assertion came without what belongs to it.",
    "Encode as `base64(form(id):form(secret))`: percent-encode both, then base64 of the whole.",
    "Nothing: the client must change.",
  ),
  client_credentials_conflict: {
    status: 400,
    error: "invalid_request",
    meaning: "Two ways to authenticate are used at once and do not agree (RFC 6749 §2.3).",
    client: "Use one way: either HTTP Basic or the body.",
    operator: "Nothing: the client must change.",
  },
  client_unknown: invalid(
    `No client has this id. ${SAME_ANSWER}`,
    "Check the `client_id`, its case, and that the URL is the right environment's.",
    "Register the client with `cli apply`. Many of these from one place are somebody guessing.",
  ),
  client_disabled: invalid(
    `The client is switched off, and the secret was right. ${SAME_ANSWER}`,
    "Ask the operator.",
    "Set `disabled` to false in its entry and apply it, if that was not meant.",
  ),
  client_secret_missing: invalid(
    "The id is a client's that has a secret, and no secret came.",
    "Send the secret, or register a public client for an app that cannot keep one.",
    "Nothing, unless the client was meant to be public: then use method `none`.",
  ),
  client_secret_wrong: invalid(
    `The secret is not the client's. ${SAME_ANSWER}`,
    "Check for cut-off or trimmed characters, and for the secret of another environment.",
    "If the secret was just changed, the client has the old one. Many of these are guesses.",
  ),
  client_auth_method_wrong: invalid(
    "The client proves itself in another way than it is registered for: a secret for a public " +
      "client, or an assertion for one without keys.",
    "Use the way that the client is registered for.",
    "Compare `token_endpoint_auth_method` of the client with what it sends.",
  ),
  client_assertion_wrong: invalid(
    "The signed assertion (RFC 7523) is expired, for another service, too long-lived, or its " +
      "signature is by none of the client's keys.",
    "Check `aud` (the issuer of the metadata, or the token endpoint), `iss` and `sub` (the " +
      "client id), `exp` within minutes, `jti`, and the clock.",
    "Compare the `kid` and the public keys in the client's `jwks`.",
  ),
  client_assertion_replayed: invalid(
    "An assertion with this `jti` was used before. Each is good for one request.",
    "Make a new assertion, with a new `jti`, for each request and for each retry.",
    "One after a time-out is a retry. Many are a stolen assertion: look at the audit events.",
  ),
  grant_not_allowed: {
    status: 400,
    error: "unauthorized_client",
    meaning: "The client is not registered for this grant, or is public and asks for itself.",
    client: "Ask the operator for the grant.",
    operator: "Add the grant to `grant_types` of the client, if it should have it.",
  },
  caller_is_public: invalid(
    "A public client asked for introspection, which needs a client that can keep a secret.",
    "Introspect from a server, with a client of its own.",
    "Register a client with a secret, with scope `introspection`, for the API.",
  ),
  caller_token_inactive: {
    status: 401,
    error: "invalid_token",
    meaning: "Introspection was asked for with a bearer token that is not good now.",
    client: "Get a new token, or authenticate as a client instead.",
    operator: "Nothing: tokens expire.",
  },
  caller_scope_insufficient: {
    status: 403,
    error: "insufficient_scope",
    meaning:
      "Introspection was asked for with a bearer token without the scope `introspection`, or of " +
      "a client that is not, or no longer, registered for that scope by name.",
    client: "Ask for the scope `introspection` when you get the token.",
    operator: "Name `introspection` in `scope` of the client, if it is a resource server.",
  },
} as const satisfies Partial<Record<Reason, Explanation>>;
