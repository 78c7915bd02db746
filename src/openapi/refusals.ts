import type { RefusalReason } from "../errors/index.ts";

/** Why the parameters of any POST may be refused. */
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

/** Why a client may fail to authenticate. */
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

/** The same, where credentials may stand in a body beside the header. */
export const BODY_CLIENT_REFUSALS: readonly RefusalReason[] = [
  ...CLIENT_REFUSALS,
  "client_credentials_conflict",
];
