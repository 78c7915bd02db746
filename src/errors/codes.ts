/**
 * What callers see as `error`, or as the type of a problem: what each code means without its
 * reason. `title` is also the title of the problem (RFC 9457 §3.1.4).
 */
export const ERROR_CODES = {
  invalid_request: {
    title: "The request is malformed.",
    advice: "Correct the client. A retry does not help.",
  },
  invalid_client: {
    title: "Client authentication failed.",
    advice: "Check the client id, its secret or key, and how the client sends them.",
  },
  invalid_grant: {
    title: "The credentials or the refresh token are not valid.",
    advice:
      "At a login, the user name or the password is wrong. At a refresh, the user must log in " +
      "again, unless another request of the same client has just used the token.",
  },
  invalid_scope: {
    title: "The requested scope is not allowed.",
    advice: "Request only scopes that the client may have.",
  },
  invalid_target: {
    title: "The requested resource is not allowed.",
    advice: "Request tokens only for APIs that the client is registered for.",
  },
  unauthorized_client: {
    title: "The client may not use this grant.",
    advice: "Use a grant that the client is registered for.",
  },
  unsupported_grant_type: {
    title: "The service does not support this grant.",
    advice: "Send one of `grant_types_supported` in the metadata.",
  },
  unsupported_response_type: {
    title: "The service does not support this response type.",
    advice: "Send `response_type=code`.",
  },
  request_not_supported: {
    title: "The service does not read request objects.",
    advice: "Send the parameters themselves.",
  },
  request_uri_not_supported: {
    title: "The service does not fetch request objects.",
    advice: "Send the parameters themselves.",
  },
  access_denied: {
    title: "The user denied the request.",
    advice: "Let the user try again.",
  },
  login_required: {
    title: "The user must sign in.",
    advice: "Send the browser here again without `prompt=none`.",
  },
  consent_required: {
    title: "The user must consent.",
    advice: "Send the browser here again without `prompt=none`.",
  },
  invalid_client_metadata: {
    title: "The metadata of the client is not valid.",
    advice: "Correct what the description names.",
  },
  invalid_redirect_uri: {
    title: "A redirect URI is not valid.",
    advice: "Register https URIs, http on the user's computer, or a scheme of the app.",
  },
  slow_down: {
    title: "There were too many requests, or too many failed attempts.",
    advice: "Wait as `Retry-After` says. Keep every token.",
  },
  invalid_token: {
    title: "The access token is not valid.",
    advice: "Get a new token.",
  },
  insufficient_scope: {
    title: "The access token does not allow this request.",
    advice: "Get a token with the required scope.",
  },
  temporarily_unavailable: {
    title: "The service is temporarily unavailable.",
    advice: "Retry as `Retry-After` says. Keep every token.",
  },
  server_error: {
    title: "The service failed.",
    advice: "Report the `X-Request-Id` to its operator.",
  },
  not_found: {
    title: "The user, client or session does not exist.",
    advice: "Check the id in the path.",
  },
  already_exists: {
    title: "The name or id is already in use.",
    advice: "Choose another one.",
  },
  invalid: {
    title: "Validation failed.",
    advice: "`problems` lists each invalid field. Nothing was changed.",
  },
  changed: {
    title: "The resource was modified by another request.",
    advice: "Read it again, then retry.",
  },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly advice: string }>>;

/** What a caller sees as `error`, or as the type of a problem. */
export type ErrorCode = keyof typeof ERROR_CODES;
