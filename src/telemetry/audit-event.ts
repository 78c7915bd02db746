/**
 * Every kind of audit event: what of security changed, or was tried in a way that only an attacker
 * or a broken client has. A refusal that changes nothing is no event but a line in the request log,
 * so that nobody can flood a queue from outside by guessing.
 */
export const AUDIT_ACTIONS = {
  family_revoked: "Every token of one login was ended; `reason` says why.",
  refresh_token_replayed:
    "A refresh token was presented again within the retry window: a lost answer, a race or " +
    "theft. `reason` says whether it was refused, `same_origin` where it came from.",
  token_revoked: "A client ended an access token that belongs to no login.",
  password_rehashed: "A password record was replaced by one of today's strength at a login.",
  secret_rehashed: "A client's secret record was replaced by one of today's strength at a use.",
  user_adopted: "A user logged in by the old token endpoint, and has a password record here now.",
  managed:
    "The management API changed a user or a client: `reason` says what was done, `actor_id` " +
    "by whom.",
  assertion_replayed: "A client's signed assertion came a second time, and was refused.",
} as const;

/** One kind of audit event. */
export type AuditAction = keyof typeof AUDIT_ACTIONS;

/** What happened. No secret, no token, no user name, no text of a caller. */
export interface AuditEvent {
  readonly action: AuditAction;
  readonly clientId?: string;
  /** `users.id`. */
  readonly userId?: string;
  /** Id of the refresh family. */
  readonly familyId?: string;
  /** In one word of the service's own. */
  readonly reason?: string;
  /** Whether a consumed token came from where the newest one was used; absent: unknown. */
  readonly isSameOrigin?: boolean;
  /** Who did it, where that is not whom it concerns. */
  readonly actorId?: string;
}

/** An audit event as it stands in the log and in the queue. */
export interface AuditLine {
  readonly event: "audit";
  readonly action: AuditAction;
  /** When, in ISO 8601. */
  readonly at?: string;
  /** The `X-Request-Id` of the request that did it. */
  readonly request_id?: string;
  readonly client_id?: string;
  readonly user_id?: string;
  readonly family_id?: string;
  readonly reason?: string;
  readonly same_origin?: boolean;
  readonly actor_id?: string;
}

/** The fields of an {@link AuditLine}, each with its meaning. */
export const AUDIT_FIELDS: Readonly<Record<keyof AuditLine, string>> = {
  event: "`audit`",
  action: "what happened",
  at: "when, in ISO 8601",
  request_id: "the request that did it",
  client_id: "the client concerned",
  user_id: "`users.id` of the user concerned",
  family_id: "the login concerned: the id of its refresh family, which is no token",
  reason:
    "for `family_revoked`: `reuse`, `rolled_back`, `client_request`, `too_many_sessions` or " +
    "`management`; for `refresh_token_replayed`: `raced` (refused) or `repeated` (the same " +
    "successor was returned); for `managed` the operation, such as `set_password`",
  same_origin:
    "for `refresh_token_replayed`, and `family_revoked` with `reuse`: whether the token came " +
    "from the address (IPv6: the /64) that used the newest one; absent: not known",
  actor_id:
    "for `managed`: the client that called, or the name that a service binding gives its caller",
};

/** Words an event for the log and the queue. */
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
