/**
 * Every kind of audit event: a security-relevant change, or an attempt that only an attacker or a
 * broken client makes. A rejected request that changes nothing is only logged: otherwise guessing
 * would flood the audit queue.
 */
export const AUDIT_ACTIONS = {
  family_revoked: "All tokens of one login were revoked; `reason` says why.",
  refresh_token_replayed:
    "A refresh token was reused within the retry window: a lost response, a race or theft. " +
    "`reason` says whether it was rejected, `same_origin` whether it came from the same address.",
  code_replayed:
    "An authorization code was exchanged again and rejected; `reason` says why. Reuse after the " +
    "retry window revokes the login instead.",
  signed_in: "A user signed in on the sign-in page.",
  browser_session_ended: "A user ended the session of a browser; `reason` says how.",
  logout_undelivered:
    "A client could not be told that a browser session ended, and its own session may go on; " +
    "`reason` says why.",
  consent_granted: "A user allowed a client access.",
  consent_revoked: "A user revoked a client's access: all tokens of the two have ended.",
  token_revoked: "A client revoked an access token that belongs to no login.",
  password_rehashed: "A login replaced an outdated password hash with a current one.",
  secret_rehashed: "A request replaced a client's outdated secret hash with a current one.",
  user_adopted: "A user logged in through the old token endpoint and now has a password hash here.",
  managed:
    "The management API changed a user, a client or an API; `reason` is the operation, " +
    "`actor_id` the caller.",
  assertion_replayed: "A client reused a signed assertion, which was rejected.",
} as const;

/** One kind of audit event. */
type AuditAction = keyof typeof AUDIT_ACTIONS;

/** An event. Contains no secret, token, user name or text of a caller. */
export interface AuditEvent {
  readonly action: AuditAction;
  readonly clientId?: string;
  /** `users.id`. */
  readonly userId?: string;
  /** Id of the refresh family. */
  readonly familyId?: string;
  /** One word of this service. */
  readonly reason?: string;
  /** Whether a reused token came from the address that used the newest one; absent: unknown. */
  readonly isSameOrigin?: boolean;
  /** Who made the change, unless it is the client or user concerned. */
  readonly actorId?: string;
}

/** An audit event in the log and in the queue. */
export interface AuditLine {
  readonly event: "audit";
  readonly action: AuditAction;
  /** When, in ISO 8601. */
  readonly at?: string;
  /** The `X-Request-Id` of the request. */
  readonly request_id?: string;
  readonly client_id?: string;
  readonly user_id?: string;
  readonly family_id?: string;
  readonly reason?: string;
  readonly same_origin?: boolean;
  readonly actor_id?: string;
}

/** Documentation of each field of an {@link AuditLine}. */
export const AUDIT_FIELDS: Readonly<Record<keyof AuditLine, string>> = {
  event: "`audit`",
  action: "what happened",
  at: "when, in ISO 8601",
  request_id: "the request that caused it",
  client_id: "the client concerned",
  user_id: "`users.id` of the user concerned",
  family_id: "the login concerned: the id of its refresh family (not a token)",
  reason:
    "for `family_revoked`: `reuse`, `code_reuse`, `rolled_back`, `client_request`, " +
    "`too_many_sessions`, `management` or `account_page` (the user); for `code_replayed`: " +
    "`raced`, `revoked` or `superseded` (another code of the same request was exchanged); for " +
    "`refresh_token_replayed`: `raced` (rejected) or `repeated` (the same successor was " +
    "returned); for `browser_session_ended`: `signed_out` (in this browser), " +
    "`account_page` (from another one), `all_others` (all but this one, and all logins) or " +
    "`another_user` (who signed in in this browser); for `logout_undelivered`: `http_` and the " +
    "status of the client's last response, `no_response`, `no_uri` (the client was deleted or no " +
    "longer has one) or `no_key` (for its algorithm); for " +
    "`managed` the operation, such as `set_password`",
  same_origin:
    "for `refresh_token_replayed`, and `family_revoked` with `reuse`: whether the token came " +
    "from the address (IPv6: the /64) that used the newest one; absent: unknown",
  actor_id:
    "for `managed`: the calling client, or the name that the service binding gives its caller",
};

/** Formats an event for the log and the queue. */
export function auditLine(event: AuditEvent, requestId?: string, nowMs?: number): AuditLine {
  const { action, clientId, userId, familyId, reason, isSameOrigin, actorId } = event;
  return {
    event: "audit",
    action,
    ...(nowMs === undefined ? {} : { at: new Date(nowMs).toISOString() }),
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(userId === undefined ? {} : { user_id: userId }),
    ...(familyId === undefined ? {} : { family_id: familyId }),
    ...(reason === undefined ? {} : { reason }),
    ...(isSameOrigin === undefined ? {} : { same_origin: isSameOrigin }),
    ...(actorId === undefined ? {} : { actor_id: actorId }),
  };
}
