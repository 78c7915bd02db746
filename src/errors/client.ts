import { type ErrorRows, INVALID_CLIENT, invalidRequest } from "./row.ts";

const SAME_RESPONSE =
  "Every client that fails to authenticate gets the same response, which does not tell which ids " +
  "exist.";

/** Reasons that lie in how the client authenticates and what it is registered for. */
export const CLIENT = {
  client_credentials_missing: {
    ...INVALID_CLIENT,
    meaning: "The request does not identify a client.",
    fix:
      "Send HTTP Basic, or `client_id` and `client_secret` in the body. A public client sends " +
      "only `client_id`.",
    operator: "Check whether a proxy removes the `Authorization` header.",
  },
  client_credentials_malformed: {
    ...INVALID_CLIENT,
    meaning:
      "The `Authorization` header is not HTTP Basic as RFC 6749 §2.3.1 defines it, or a " +
      "`client_secret` or client assertion lacks the parameters that belong to it.",
    fix: "Encode as `base64(form(id):form(secret))`: percent-encode each, then base64 the whole.",
  },
  client_credentials_conflict: {
    ...invalidRequest("The request has two different client credentials."),
    meaning: "The request authenticates in two ways that do not agree (RFC 6749 §2.3).",
    fix: "Use one way: HTTP Basic or the body.",
  },
  client_unknown: {
    ...INVALID_CLIENT,
    meaning: `No client has this id. ${SAME_RESPONSE}`,
    fix: "Check the `client_id`, its case, and that the URL belongs to the right environment.",
    operator:
      "Register the client: `client create ID`. Many of these from one address mean that someone " +
      "guesses ids.",
  },
  client_disabled: {
    ...INVALID_CLIENT,
    meaning: `The client is disabled, and its secret was right. ${SAME_RESPONSE}`,
    fix: "Ask the operator.",
    operator: "To enable the client: `client enable ID`.",
  },
  client_secret_missing: {
    ...INVALID_CLIENT,
    meaning: "The client has a secret, and the request did not contain one.",
    fix: "Send the secret. An app that cannot keep one needs a public client.",
    operator: "If the client should be public, register it with the method `none`.",
  },
  client_secret_wrong: {
    ...INVALID_CLIENT,
    meaning: `The secret is wrong. ${SAME_RESPONSE}`,
    fix: "Check for truncated or trimmed characters, and for the secret of another environment.",
    operator:
      "If the secret has just changed, the client still uses the old one. Many of these mean " +
      "that someone guesses secrets.",
  },
  client_auth_method_wrong: {
    ...INVALID_CLIENT,
    meaning:
      "The client authenticates by a method that it is not registered for: a secret for a public " +
      "client, or an assertion for a client without keys.",
    fix: "Use the method that the client is registered for.",
    operator: "Compare the client's `token_endpoint_auth_method` with what it sends.",
  },
  client_assertion_wrong: {
    ...INVALID_CLIENT,
    meaning:
      "The signed assertion (RFC 7523) is expired, is for another service, lives too long, or is " +
      "not signed by one of the client's keys.",
    fix:
      "Check `aud` (the issuer in the metadata, or the token endpoint), `iss` and `sub` (the " +
      "client id), `exp` (a few minutes ahead), `jti`, and the clock.",
    operator: "Compare the `kid` and the public keys in the client's `jwks`.",
  },
  client_assertion_replayed: {
    ...INVALID_CLIENT,
    meaning: "An assertion with this `jti` was used before. Each is valid for one request.",
    fix: "Create a new assertion with a new `jti` for each request and each retry.",
    operator:
      "A single one after a timeout is a retry. Many may mean a stolen assertion: check the " +
      "audit events.",
  },
  grant_not_allowed: {
    status: 400,
    error: "unauthorized_client",
    description: "The client may not use this grant_type.",
    meaning:
      "The client is not registered for this grant, or is a public client that requests " +
      "`client_credentials`.",
    fix: "Ask the operator to allow the grant.",
    operator: "If the client should have the grant, add it to the client's `grant_types`.",
  },
  scope_not_allowed: {
    status: 400,
    error: "invalid_scope",
    description: "A requested scope is not known, or not allowed for this client.",
    meaning:
      "`scope` is malformed (it must be names with single spaces between them), contains a scope " +
      "that the client may not have, or, at a refresh, exceeds the scope of the login.",
    fix: "Request fewer scopes, or none: then the client gets its default scopes.",
    operator: "Compare the client's `scope` with the setting `SCOPES`.",
  },
  audience_not_allowed: {
    status: 400,
    error: "invalid_target",
    description: "The requested resource is not known, or not allowed for this client or login.",
    meaning:
      "`resource` (RFC 8707) is an API that the client may not get tokens for or, at a refresh, " +
      "not the API of the login (§2.2). If the client has since lost the API of the login, every " +
      "refresh fails with this reason.",
    fix:
      "Request an API that the client is registered for, or none. At a refresh, request the API " +
      "of the login, or log in for another one.",
    operator: "If the client should have the API, add it to the client's `audience`.",
  },
} satisfies ErrorRows;
