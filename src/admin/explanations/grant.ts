import type { Explanation, Reason } from "./explanation.ts";

const SAME_ANSWER = "The answer is the same as for a wrong password, and takes as long.";

const RELOGIN = "Log in again.";

const invalid = (meaning: string, client: string, operator: string): Explanation => {
  return { status: 400, error: "invalid_grant", meaning, client, operator };
};

/** Reasons that lie in the user or in what is asked for. */
export const USER_EXPLANATIONS = {
  user_unknown: invalid(
    `No user has this name. Names are case-sensitive. ${SAME_ANSWER}`,
    "Let the user check the name.",
    "Make the user with `cli apply`. Many of these are somebody guessing names.",
  ),
  user_inactive: invalid(
    `The password was right, and the user is deactivated. ${SAME_ANSWER}`,
    "Ask the operator.",
    "Set `is_active` to true in the user's entry and apply it, if that was not meant.",
  ),
  password_wrong: invalid(
    "The password is not the user's. It is compared exactly as sent.",
    "Let the user try again; do not trim or change what was typed.",
    "Many for one `user_id`, or from one client, are somebody guessing.",
  ),
  password_unusable: invalid(
    `The user has a record that no password matches (Django's \`!\`). ${SAME_ANSWER}`,
    "Log the user in by other means.",
    "Give the user a password with `cli apply`, if logging in by one is meant.",
  ),
  password_too_long: invalid(
    "The password is longer than 4,096 bytes, and is wrong without being hashed.",
    "Send the password alone.",
    "Nothing: the client must change.",
  ),
  scope_not_allowed: {
    status: 400,
    error: "invalid_scope",
    meaning:
      "`scope` is malformed (names with single spaces between), names a scope that the client " +
      "may not have, or is wider than the login's when refreshing.",
    client: "Ask for less, or for nothing: then the client's default scopes are granted.",
    operator: "Compare `scope` of the client and the setting `SCOPES`.",
  },
  audience_not_allowed: {
    status: 400,
    error: "invalid_target",
    meaning:
      "`resource` (RFC 8707) names an API that the client may not have tokens for, or, at a " +
      "refresh, another one than the login named (§2.2). A login that named an API which the " +
      "client has lost since gets this at each refresh.",
    client:
      "Name an API that the client is registered for, or none. At a refresh, name the login's, " +
      "or log in for another.",
    operator: "Add the API to `audience` of the client, if it should have it.",
  },
} as const satisfies Partial<Record<Reason, Explanation>>;

/** Reasons that lie in the refresh token. */
export const REFRESH_EXPLANATIONS = {
  refresh_token_forged: invalid(
    "The service did not make this refresh token, or its key was removed from `TOKEN_KEYS`. An " +
      "access token, and a token that was cut off or changed in one character, count as well.",
    RELOGIN,
    "Many after a change of `TOKEN_KEYS` mean that a key was dropped too early: put it back, last.",
  ),
  refresh_token_of_another_client: invalid(
    "The refresh token belongs to another client.",
    "Refresh as the client that logged in.",
    "Two apps that share storage look like this; so does a stolen token.",
  ),
  refresh_token_ended: invalid(
    "The user or the client was deactivated or deleted, or the password changed, after the " +
      "login; " +
      "or the key of the token has retired.",
    RELOGIN,
    "Nothing, if that was meant.",
  ),
  family_unknown: invalid(
    "Nothing is stored of this login: it ended long ago, its first request failed half-way, or " +
      "storage was rolled back.",
    RELOGIN,
    "Many at once, with audit events `rolled_back`, mean that the objects lost data.",
  ),
  family_expired: invalid(
    "The login was not refreshed for too long, or is older than its absolute lifetime.",
    RELOGIN,
    "Lifetimes are settings, and can be set for each client.",
  ),
  family_revoked: invalid(
    "The login was ended before: by the client, or because a used token came again.",
    RELOGIN,
    "Look for the audit event `family_revoked` of the same client before this.",
  ),
  family_raced: invalid(
    "The refresh token was used a moment ago, by another request or by an attempt whose answer " +
      "was " +
      "lost. The login lives on with the newer token.",
    "Refresh once for all tabs and threads. Send an `Idempotency-Key` to get a lost answer again.",
    'If clients are many and mobile, choose `REFRESH_RETRY = "same-successor"`.',
  ),
  family_reused: invalid(
    "A refresh token that was used before came again, later than any lost answer: somebody else " +
      "has a copy. The login was ended (RFC 9700 §4.14.2).",
    "Log in again, and look for copies of tokens: backups, logs, two devices with one storage.",
    "Treat many of one user or client as theft; the audit event `family_revoked` has their ids.",
  ),
  family_busy: {
    status: 429,
    error: "slow_down",
    meaning: "More than 32 requests for one login wait at once in one place.",
    client: "Wait as `Retry-After` says, and refresh once at a time.",
    operator: "Look at `client_id`: a client refreshes in a loop.",
  },
} as const satisfies Partial<Record<Reason, Explanation>>;
