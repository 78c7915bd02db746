import type { RefusalReason } from "../errors/index.ts";

/** Reasons to reject the parameters of any POST. */
export const BODY_REFUSALS: readonly RefusalReason[] = [
  "query_parameters",
  "unsupported_media_type",
  "content_encoded",
  "body_too_large",
  "body_incomplete",
  "too_many_parameters",
  "repeated_parameter",
  "malformed_form",
  "malformed_json",
  "malformed_multipart",
];

/** Reasons why client authentication fails. */
export const CLIENT_REFUSALS: readonly RefusalReason[] = [
  "client_credentials_missing",
  "client_credentials_malformed",
  "client_unknown",
  "client_disabled",
  "client_secret_missing",
  "client_secret_wrong",
  "client_auth_method_wrong",
  "client_assertion_wrong",
  "client_assertion_replayed",
];

/** The same, for requests that may have credentials in the header and in the body. */
export const BODY_CLIENT_REFUSALS: readonly RefusalReason[] = [
  ...CLIENT_REFUSALS,
  "client_credentials_conflict",
];
