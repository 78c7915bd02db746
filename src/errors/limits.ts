import { type ErrorRows, RETRY_AFTER, type WireError } from "./row.ts";

/** The same for every limit on attempts: a client does not learn which users or clients exist. */
const TOO_MANY_ATTEMPTS: WireError = {
  status: 429,
  error: "slow_down",
  description: "There were too many attempts. Wait before the next.",
  headers: RETRY_AFTER,
};

const WAIT = "Wait as `Retry-After` says. Keep every token.";

/** Reasons that lie in the number of attempts. */
export const LIMITS = {
  address_throttled: {
    ...TOO_MANY_ATTEMPTS,
    meaning:
      "One address (IPv6: one /64) sent more requests than `ADDRESS_RATE_LIMIT` allows in its " +
      "period. The service looked nothing up.",
    fix: WAIT,
    operator:
      "This is a flood, or a server of yours: a client is exempt once it has authenticated with " +
      "a secret or key. If many users share an address, raise `limit` under `[[ratelimits]]` in " +
      "wrangler.toml.",
  },
  user_throttled: {
    ...TOO_MANY_ATTEMPTS,
    meaning:
      "There were too many wrong passwords for one user name, known or unknown. The service " +
      "hashed nothing. An address from which the user has logged in before has its own counter.",
    fix: WAIT,
    operator:
      "`USER_FAILURES_FREE` and `FAILURE_DELAY_SECONDS_MAX` set the limits. Many for one " +
      "`user_id` mean that someone guesses. `user unlock NAME` resets the counter, and so does " +
      "a new password.",
  },
  client_throttled: {
    ...TOO_MANY_ATTEMPTS,
    meaning:
      "There were too many wrong passwords through one client, as when someone tries stolen " +
      "passwords in bulk: from addresses unknown for the user, or from one address known for " +
      "many users. Users at other known addresses are not delayed.",
    fix: WAIT,
    operator:
      "Find the source of the guesses. `CLIENT_FAILURES_FREE` sets the limit. A web application " +
      "should send `Tollgate-Forwarded-For`; see docs/rate-limits.md.",
  },
  secret_throttled: {
    ...TOO_MANY_ATTEMPTS,
    meaning:
      "There were too many wrong secrets for one client id, known or unknown. An address that " +
      "has sent the right secret before has its own counter.",
    fix: WAIT,
    operator:
      "This is a server of yours with an old secret, or someone who guesses. " +
      "`CLIENT_FAILURES_FREE` sets the limit.",
  },
  throttle_busy: {
    ...TOO_MANY_ATTEMPTS,
    meaning: "Too many attempts for one user name or client id arrived at the same moment.",
    fix: WAIT,
    operator:
      "This is a flood for one name. Cloudflare's own rate limiting rules can stop it earlier.",
  },
} satisfies ErrorRows;
