import { type ErrorRows, invalidRequest, RETRY_AFTER, type WireError } from "./row.ts";

const INVALID_GRANT: WireError = {
  status: 400,
  error: "invalid_grant",
  description: "The refresh token is invalid, expired, used or revoked.",
};

const LOG_IN = "Log in again.";

/** Reasons that lie in the refresh token. */
export const REFRESH_TOKEN = {
  refresh_token_missing: {
    ...invalidRequest("Missing refresh token parameter."),
    meaning: "`refresh_token` is missing or empty.",
    fix: "Send the refresh token of the last response. Without one, log in again.",
  },
  refresh_token_forged: {
    ...INVALID_GRANT,
    meaning:
      "This service did not issue the refresh token, or its key is no longer in `TOKEN_KEYS`. An " +
      "access token, a truncated token and an altered token count as forged, too.",
    fix: LOG_IN,
    operator:
      "Many after a change of `TOKEN_KEYS` mean that a key was removed too early. Add it again, " +
      "as the last one.",
  },
  refresh_token_of_another_client: {
    ...INVALID_GRANT,
    meaning: "The refresh token belongs to another client.",
    fix: "Refresh as the client that logged in.",
    operator: "The cause is two apps that share storage, or a stolen token.",
  },
  refresh_token_ended: {
    ...INVALID_GRANT,
    meaning:
      "After the login, the user or the client was deactivated or deleted, or the password was " +
      "changed; or the key of the token has been retired.",
    fix: LOG_IN,
  },
  family_unknown: {
    ...INVALID_GRANT,
    meaning:
      "Storage has no record of this login: it ended long ago, its first request failed halfway, " +
      "or storage was rolled back.",
    fix: LOG_IN,
    operator: "Many at once, with audit events `rolled_back`, mean that storage lost data.",
  },
  family_expired: {
    ...INVALID_GRANT,
    meaning: "The login was not refreshed for too long, or has reached its absolute lifetime.",
    fix: LOG_IN,
    operator: "Both lifetimes are settings, and can be set per client.",
  },
  family_revoked: {
    ...INVALID_GRANT,
    meaning: "The login was revoked: by the client, or because a used refresh token was reused.",
    fix: LOG_IN,
    operator: "Look for an earlier audit event `family_revoked` of the same client.",
  },
  family_raced: {
    ...INVALID_GRANT,
    meaning:
      "The refresh token was used a moment ago, by another request or by one whose response was " +
      "lost. The login continues with the newer token.",
    fix:
      "Refresh once for all tabs and threads. Send an `Idempotency-Key`, so that a retry gets " +
      "the lost response.",
    operator: 'For many mobile clients, choose `REFRESH_RETRY = "same-successor"`.',
  },
  family_reused: {
    ...INVALID_GRANT,
    meaning:
      "A used refresh token was sent again, too late for a retry, so the token was probably " +
      "copied. The login was revoked (RFC 9700 §4.14.2).",
    fix: "Log in again. Look for copies of tokens: backups, logs, two devices with one storage.",
    operator:
      "Treat many of one user or client as theft. The audit event `family_revoked` has their ids.",
  },
  family_busy: {
    status: 429,
    error: "slow_down",
    description: "There are too many requests at once for this token.",
    headers: RETRY_AFTER,
    meaning: "More than 32 requests of one login are waiting in one isolate.",
    fix: "Wait as `Retry-After` says. Send one refresh at a time.",
    operator: "Check `client_id`: that client refreshes in a loop.",
  },
} satisfies ErrorRows;
