import { type ErrorRows, invalidRequest, type WireError } from "./row.ts";

/** Shown on a page: no redirect URI is known to be valid. */
const notRedirected = (description: string): WireError => invalidRequest(description);

const CHALLENGE_FIX =
  "Send `code_challenge` and `code_challenge_method=S256`. Every OAuth library can (RFC 7636).";

/** Errors of the authorization endpoint that never redirect (RFC 6749 §4.1.2.1). */
export const AUTHORIZATION_PAGE = {
  parameter_repeated: {
    ...notRedirected("A parameter is repeated."),
    meaning:
      "`client_id`, `redirect_uri`, `response_type`, `scope` or `state` occurs twice in an " +
      "authorization request, or a parameter in a sign-out request.",
    fix: "Send each of them once.",
  },
  client_id_missing: {
    ...notRedirected("Missing client_id parameter."),
    meaning: "An authorization request has no `client_id`.",
    fix: "Send the id under which the client is registered.",
  },
  client_not_registered: {
    ...notRedirected("Invalid client_id parameter value."),
    meaning: "No client with this `client_id` is registered, or it is disabled.",
    fix: "Check `client_id` for typos, and that the client is registered at this service.",
    operator: "`client show ID` says whether the client exists and is enabled.",
  },
  redirect_uri_missing: {
    ...notRedirected("Missing redirect URI."),
    meaning:
      "An authorization request has no `redirect_uri`, and the client has none, several, or asks " +
      "for `openid`.",
    fix: "Send one of the registered redirect URIs.",
    operator: "Register it: `client update ID --redirect-uris <uris>`.",
  },
  redirect_uri_malformed: {
    ...notRedirected("Invalid redirect URI."),
    meaning: "The redirect URI has an unsafe scheme, a fragment or a user name.",
    fix: "Use an https URI, http on this computer, or a scheme of your app.",
  },
  redirect_uri_mismatch: {
    ...notRedirected("Mismatching redirect URI."),
    meaning:
      "The `redirect_uri` is not one of those that the client is registered with. They are " +
      "compared byte for byte; only the port of a loopback URI may differ.",
    fix: "Send a registered URI exactly. The page shows what was sent and the nearest one.",
    operator: "Add the URI: `client update ID --redirect-uris <uris>`.",
  },
  query_malformed: {
    ...notRedirected("The query is not valid."),
    meaning:
      "The query of an authorization request is not UTF-8, has more than 64 parameters, or is " +
      "longer than 6000 bytes.",
    fix: "Encode the query as UTF-8, and send only the parameters that are needed.",
  },
  logout_client_mismatch: {
    ...notRedirected("The client_id is not that of the id_token_hint."),
    meaning: "A sign-out request has a `client_id` and an ID token of another client.",
    fix: "Send the ID token that this client received, or no `client_id`.",
  },
  logout_client_missing: {
    ...notRedirected("The client_id or the id_token_hint is missing."),
    meaning: "A sign-out request has a `post_logout_redirect_uri`, but does not say whose it is.",
    fix: "Send `id_token_hint`, or `client_id`.",
  },
  logout_redirect_mismatch: {
    ...notRedirected("Mismatching post-logout redirect URI."),
    meaning:
      "The `post_logout_redirect_uri` of a sign-out request is not one of those that the client " +
      "is registered with. They are compared byte for byte.",
    fix: "Send a registered URI exactly. The page shows what was sent and the nearest one.",
    operator: "Add the URI: `client update ID --post-logout-redirect-uris <uris>`.",
  },
  form_malformed: {
    ...notRedirected("The form is not one of this service."),
    meaning: "The hidden field of a form was altered, or its key is no longer in `TOKEN_KEYS`.",
    fix: "Open the application again, and start from there.",
  },
  form_from_elsewhere: {
    ...notRedirected("This form was sent from another site."),
    status: 403,
    meaning:
      "A form of this service's pages was submitted by a page of another site, which may be an " +
      "attack (CSRF).",
    fix: "Open the application again, and sign in on the page of this service.",
  },
} satisfies ErrorRows;

/** Errors of the authorization endpoint that the client receives by redirect. */
export const AUTHORIZATION = {
  state_too_long: {
    ...invalidRequest("The state is longer than 2048 characters."),
    meaning: "`state` is longer than 2048 characters.",
    fix: "Send a short random value, and store what belongs to it at the client.",
  },
  nonce_too_long: {
    ...invalidRequest("The nonce is longer than 255 characters."),
    meaning: "`nonce` is longer than 255 characters.",
    fix: "Send a short random value.",
  },
  code_too_long: {
    ...invalidRequest("The request is too long for an authorization code."),
    meaning:
      "The code contains scope, resources and nonce of the request, and would exceed 1024 " +
      "characters.",
    fix: "Request fewer scopes or resources, or a shorter nonce.",
  },
  request_object_unsupported: {
    status: 400,
    error: "request_not_supported",
    description: "The parameter request is not supported.",
    meaning: "The request is in a signed `request` parameter, which this service does not read.",
    fix: "Send the parameters themselves.",
  },
  request_uri_unsupported: {
    status: 400,
    error: "request_uri_not_supported",
    description: "The parameter request_uri is not supported.",
    meaning: "The request is at a `request_uri`, which this service does not fetch.",
    fix: "Send the parameters themselves.",
  },
  response_type_missing: {
    ...invalidRequest("Missing response_type parameter."),
    meaning: "An authorization request has no `response_type`.",
    fix: "Send `response_type=code`.",
  },
  response_type_unsupported: {
    status: 400,
    error: "unsupported_response_type",
    description: "The response_type must be code.",
    meaning: "The `response_type` is not `code`: there is no implicit and no hybrid flow.",
    fix: "Send `response_type=code`.",
  },
  response_mode_unsupported: {
    ...invalidRequest("The response_mode must be query."),
    meaning: "The `response_mode` is not `query`.",
    fix: "Leave `response_mode` out.",
  },
  code_challenge_missing: {
    ...invalidRequest("Code challenge required."),
    meaning: "The client must use PKCE, and the request has no `code_challenge`.",
    fix: CHALLENGE_FIX,
    operator: "For a confidential client that cannot: `client update ID --require-pkce false`.",
  },
  code_challenge_method_unsupported: {
    ...invalidRequest("The code_challenge_method must be S256."),
    meaning:
      "`code_challenge_method` is absent, `plain` or unknown. `plain` does not protect the code.",
    fix: CHALLENGE_FIX,
  },
  code_challenge_malformed: {
    ...invalidRequest("The code_challenge is not 43 characters of base64url."),
    meaning: "`code_challenge` is not a SHA-256 in base64url without padding.",
    fix: CHALLENGE_FIX,
  },
  prompt_contradictory: {
    ...invalidRequest("The prompt none cannot be combined with others."),
    meaning: "`prompt` has `none` and another value.",
    fix: "Send `none` alone.",
  },
  max_age_malformed: {
    ...invalidRequest("The max_age is not a number of seconds."),
    meaning: "`max_age` is not a whole number of at most nine digits.",
    fix: "Send seconds, such as `max_age=3600`.",
  },
  claims_malformed: {
    ...invalidRequest("The claims parameter is not valid."),
    meaning:
      "`claims` is not a JSON object whose members `id_token` and `userinfo` are objects (OIDC " +
      "Core §5.5).",
    fix: 'Send JSON such as `{"userinfo":{"email":null}}`, encoded for a URL.',
  },
  id_token_hint_invalid: {
    ...invalidRequest("The id_token_hint is not an ID token of this service."),
    meaning:
      "`id_token_hint` is not an ID token that this service signed with a key that is still in " +
      "`SIGNING_KEYS`. An expired one is accepted.",
    fix: "Send the ID token of the user's last sign-in, or none.",
  },
  login_required: {
    status: 400,
    error: "login_required",
    description: "The user must sign in.",
    meaning:
      "With `prompt=none` no page may be shown, but the user is not signed in, or not recently " +
      "enough; or another user than that of `id_token_hint` is.",
    fix: "Send the browser here again without `prompt=none`.",
  },
  consent_required: {
    status: 400,
    error: "consent_required",
    description: "The user must consent.",
    meaning: "With `prompt=none` no page may be shown, but the user must be asked for consent.",
    fix: "Send the browser here again without `prompt=none`.",
  },
  access_denied: {
    status: 400,
    error: "access_denied",
    description: "The user denied the request.",
    meaning: "The user chose not to allow the client access.",
    fix: "Tell the user that the feature needs access, and let them try again.",
  },
} satisfies ErrorRows;
