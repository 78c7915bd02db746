/**
 * Why a request is refused, in the service's own words: precise enough for a log line.
 * Clients never see a reason; `endpoints/on-error.ts` maps each to the few words of the wire.
 */
export type RefusalReason =
  // the request itself
  | "insecure_transport"
  | "unknown_path"
  | "path_id_missing"
  | "query_parameters"
  | "unsupported_media_type"
  | "content_encoded"
  | "body_too_large"
  | "body_incomplete"
  | "too_many_parameters"
  | "repeated_parameter"
  | "malformed_form"
  | "malformed_json"
  | "malformed_multipart"
  | "json_expected"
  | "json_malformed"
  | "json_too_large"
  | "grant_type_missing"
  | "grant_type_unknown"
  | "username_missing"
  | "password_missing"
  | "username_control_character"
  | "password_control_character"
  | "refresh_token_missing"
  | "forwarded_address_malformed"
  // the client
  | "client_credentials_missing"
  | "client_credentials_malformed"
  | "client_credentials_conflict"
  | "client_unknown"
  | "client_disabled"
  | "client_secret_missing"
  | "client_secret_wrong"
  | "client_auth_method_wrong"
  | "client_assertion_wrong"
  | "client_assertion_replayed"
  | "grant_not_allowed"
  // the user
  | "user_unknown"
  | "user_inactive"
  | "password_wrong"
  | "password_unusable"
  | "password_too_long"
  | "scope_not_allowed"
  | "audience_not_allowed"
  // the refresh token
  | "refresh_token_forged"
  | "refresh_token_of_another_client"
  | "refresh_token_ended"
  | "family_unknown"
  | "family_expired"
  | "family_revoked"
  | "family_raced"
  | "family_reused"
  | "family_busy"
  | "idempotency_key_malformed"
  // revocation, introspection and management
  | "token_missing"
  | "caller_is_public"
  | "caller_is_user"
  | "caller_token_missing"
  | "caller_token_for_another"
  | "caller_token_inactive"
  | "caller_scope_insufficient"
  // limits
  | "address_throttled"
  | "user_throttled"
  | "client_throttled"
  | "secret_throttled"
  | "throttle_busy"
  // the service
  | "hashing_busy";

/**
 * A request that must not succeed. Thrown anywhere inside the Worker, caught only by
 * `endpoints/on-error.ts`. Carries no input of the caller, so it is safe to log.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly reason: RefusalReason;
  /** When it is no use to try again before, and `on-error.ts` cannot know. */
  readonly retryAfterSeconds: number | null;

  constructor(reason: RefusalReason, retryAfterSeconds: number | null = null) {
    super(reason);
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * Storage or the platform did not answer. Becomes a 503 with `Retry-After`: a client must never
 * conclude from an outage that its tokens are gone.
 */
export class Unavailable extends Error {
  override readonly name: string = "Unavailable";

  /**
   * @param operation what was tried, such as `d1.find_accounts`: for the log
   * @param cause the platform's own error
   */
  constructor(operation: string, cause: unknown) {
    super(`${operation} failed`, { cause });
  }
}

/**
 * A setting does not fit what is stored. The message says what to do, and quotes no secret: it goes
 * into the log as it is.
 */
export class Misconfigured extends Unavailable {
  override readonly name: string = "Misconfigured";

  constructor(message: string) {
    super("settings", undefined);
    this.message = message;
  }
}
