import { ConfigError } from "../config/index.ts";
import { PARAMETERS_MAX } from "../protocol/params.ts";
import { Refusal, type RefusalReason, Unavailable } from "../protocol/refusal.ts";
import { setFailure } from "../telemetry/failure.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import { BODY_BYTES_MAX, JSON_BYTES_MAX } from "./read-body.ts";
import { MEDIA_TYPES } from "./read-params.ts";
import { json } from "./respond.ts";

/** What a client sees of a refusal. */
export interface WireError {
  readonly status: number;
  /** RFC 6749 §5.2. */
  readonly error: string;
  /** Constant, and so the same bytes for reasons that a client must not tell apart. */
  readonly description?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How soon a client may try again after an outage, in seconds. */
const RETRY_AFTER_SECONDS = 1;

const invalidRequest = (description: string, status = 400): WireError => {
  return { status, error: "invalid_request", description };
};

const bearerError = (status: number, error: string, description: string): WireError => {
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

const INVALID_CLIENT: WireError = {
  status: 401,
  error: "invalid_client",
  description: "Client authentication failed.",
  // DOT's clients look for the second challenge.
  headers: { "WWW-Authenticate": 'Basic realm="tollgate", Bearer error="invalid_client"' },
};

const INVALID_CREDENTIALS: WireError = {
  status: 400,
  error: "invalid_grant",
  description: "Invalid credentials given.",
};

const INVALID_GRANT: WireError = {
  status: 400,
  error: "invalid_grant",
  description: "The refresh token is invalid, expired, used or revoked.",
};

const unsupportedGrantType = (description: string): WireError => {
  return { status: 400, error: "unsupported_grant_type", description };
};

const MEDIA_TYPE_LIST = MEDIA_TYPES.join(" or ");

/** Whatever was tried too often: a client is not told what exists. */
const TOO_MANY_ATTEMPTS: WireError = {
  status: 429,
  error: "slow_down",
  description: "There were too many attempts. Wait before the next.",
  headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
};

/** What a client sees of an outage. */
export const UNAVAILABLE: WireError = {
  status: 503,
  error: "temporarily_unavailable",
  description: "The service is not available for the moment. Try again.",
  headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
};

/** The one mapping from reasons inside to words outside. Many to few, on purpose. */
export const WIRE_ERRORS: Readonly<Record<RefusalReason, WireError>> = {
  insecure_transport: invalidRequest("This service answers to https alone."),
  unknown_path: invalidRequest("There is no such endpoint.", 404),
  path_id_missing: invalidRequest("The path ends in a slash: the id after it is missing.", 404),
  query_parameters: invalidRequest("URL query parameters are not allowed"),
  unsupported_media_type: invalidRequest(`The body must be ${MEDIA_TYPE_LIST}.`, 415),
  content_encoded: {
    ...invalidRequest(`Send the body without Content-Encoding, as ${MEDIA_TYPE_LIST}.`, 415),
    // RFC 9110 §12.5.3: which encodings a 415 would not have met.
    headers: { "Accept-Encoding": "identity" },
  },
  body_too_large: invalidRequest(`The body is longer than ${BODY_BYTES_MAX} bytes.`, 413),
  body_incomplete: invalidRequest("The body broke off before its end."),
  too_many_parameters: invalidRequest(`There are more than ${PARAMETERS_MAX} parameters.`),
  repeated_parameter: invalidRequest("A parameter is repeated."),
  malformed_form: invalidRequest("The body is not a form in UTF-8."),
  malformed_json: invalidRequest("The body is not a JSON object of strings, each name once."),
  malformed_multipart: invalidRequest("The body is not multipart form data of text fields."),
  json_expected: invalidRequest("The body must be application/json.", 415),
  json_malformed: invalidRequest("The body is not a JSON object in UTF-8 that nests little."),
  json_too_large: invalidRequest(`The body is longer than ${JSON_BYTES_MAX} bytes.`, 413),
  grant_type_missing: unsupportedGrantType("Missing grant_type parameter."),
  grant_type_unknown: unsupportedGrantType("Unknown grant_type."),
  username_missing: invalidRequest("Request is missing username parameter."),
  password_missing: invalidRequest("Request is missing password parameter."),
  username_control_character: invalidRequest("The username has a control character."),
  password_control_character: invalidRequest("The password has a control character."),
  refresh_token_missing: invalidRequest("Missing refresh token parameter."),
  forwarded_address_malformed: invalidRequest("Tollgate-Forwarded-For is not one IP address."),

  client_credentials_missing: INVALID_CLIENT,
  client_credentials_malformed: INVALID_CLIENT,
  client_credentials_conflict: invalidRequest("The request has two different client credentials."),
  client_unknown: INVALID_CLIENT,
  client_disabled: INVALID_CLIENT,
  client_secret_missing: INVALID_CLIENT,
  client_secret_wrong: INVALID_CLIENT,
  client_auth_method_wrong: INVALID_CLIENT,
  client_assertion_wrong: INVALID_CLIENT,
  client_assertion_replayed: INVALID_CLIENT,
  grant_not_allowed: {
    status: 400,
    error: "unauthorized_client",
    description: "The client may not use this grant_type.",
  },

  user_unknown: INVALID_CREDENTIALS,
  user_inactive: INVALID_CREDENTIALS,
  password_wrong: INVALID_CREDENTIALS,
  password_unusable: INVALID_CREDENTIALS,
  password_too_long: INVALID_CREDENTIALS,
  scope_not_allowed: {
    status: 400,
    error: "invalid_scope",
    description: "A requested scope is not known, or not allowed for this client.",
  },
  audience_not_allowed: {
    status: 400,
    error: "invalid_target",
    description: "The requested resource is not known, or not allowed for this client or login.",
  },

  refresh_token_forged: INVALID_GRANT,
  refresh_token_of_another_client: INVALID_GRANT,
  refresh_token_ended: INVALID_GRANT,
  family_unknown: INVALID_GRANT,
  family_expired: INVALID_GRANT,
  family_revoked: INVALID_GRANT,
  family_raced: INVALID_GRANT,
  family_reused: INVALID_GRANT,
  family_busy: {
    status: 429,
    error: "slow_down",
    description: "There are too many requests at once for this token.",
    headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
  },
  token_missing: invalidRequest("Missing token parameter."),
  caller_is_public: INVALID_CLIENT,
  caller_token_inactive: INVALID_TOKEN,
  caller_is_user: INSUFFICIENT_SCOPE,
  caller_token_missing: {
    status: 401,
    error: "invalid_token",
    description: "The request has no access token.",
    // RFC 6750 §3.1: no error code for a request that does not try.
    headers: { "WWW-Authenticate": "Bearer" },
  },
  caller_token_for_another: INVALID_TOKEN,
  caller_scope_insufficient: INSUFFICIENT_SCOPE,
  idempotency_key_malformed: invalidRequest(
    "The Idempotency-Key is not 1 to 255 visible characters.",
  ),
  address_throttled: TOO_MANY_ATTEMPTS,
  user_throttled: TOO_MANY_ATTEMPTS,
  client_throttled: TOO_MANY_ATTEMPTS,
  secret_throttled: TOO_MANY_ATTEMPTS,
  throttle_busy: TOO_MANY_ATTEMPTS,
  hashing_busy: UNAVAILABLE,
};

/** What a client sees of a mistake of the service's own. */
export const SERVER_ERROR: WireError = {
  status: 500,
  error: "server_error",
  description: "The service failed. Report the X-Request-Id to its operator.",
};

/**
 * Translates whatever a request threw into the answer that its client gets, and notes for the log
 * what the client is not told. The only place that does.
 */
export function onError(error: unknown): Response {
  if (error instanceof Refusal) {
    setLogFields({ reason: error.reason });
    return answer(wireErrorOf(error));
  }
  setFailure(error);
  const isOutage = error instanceof Unavailable || error instanceof ConfigError;
  return answer(isOutage ? UNAVAILABLE : SERVER_ERROR);
}

/** What a client sees of one refusal: when to come again is of that one alone. */
export function wireErrorOf({ reason, retryAfterSeconds }: Refusal): WireError {
  const error = WIRE_ERRORS[reason];
  if (retryAfterSeconds === null) return error;
  return { ...error, headers: { ...error.headers, "Retry-After": String(retryAfterSeconds) } };
}

/** Answers a method that a path does not have. @param methods those that it has, as in `Allow` */
export function methodNotAllowed(methods: string): Response {
  setLogFields({ reason: "method_not_allowed" });
  return answer({
    ...invalidRequest(`This endpoint answers to ${methods.replace(", OPTIONS", "")}.`, 405),
    headers: { Allow: methods },
  });
}

function answer(error: WireError): Response {
  setLogFields({ error: error.error });
  return json(toBody(error), error.status, error.headers);
}

/** The body of an error (RFC 6749 §5.2). */
export function toBody({ error, description }: WireError): Readonly<Record<string, string>> {
  return description === undefined ? { error } : { error, error_description: description };
}
