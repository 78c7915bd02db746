import type { Explanation, Reason } from "./explanation.ts";

const WAIT = "Wait as `Retry-After` says, and do not try more often. Keep every token.";

const throttled = (meaning: string, operator: string): Explanation => {
  return { status: 429, error: "slow_down", meaning, client: WAIT, operator };
};

/** Reasons that lie in how much was tried. */
export const LIMIT_EXPLANATIONS = {
  address_throttled: throttled(
    "More requests came from one address (IPv6: one /64) than `ADDRESS_RATE_LIMIT` lets " +
      "through in its period. Nothing was looked up.",
    "Somebody's flood, or a server of yours: one that proves a secret or key is let through " +
      "once it has. If many users share an address, raise `limit` under `[[ratelimits]]` in " +
      "wrangler.toml.",
  ),
  user_throttled: throttled(
    "Too many wrong passwords for one user name, whether or not there is such a user. Nothing " +
      "was hashed. An address from which the user has logged in before has its own count.",
    "`USER_FAILURES_FREE` and `FAILURE_DELAY_SECONDS_MAX` say how many and how long. Many for " +
      "one `user_id` mean guessing. `user unlock NAME` forgets them, as a new password does.",
  ),
  client_throttled: throttled(
    "Too many wrong passwords through one client, as when stolen passwords are tried in bulk: " +
      "from addresses that are unknown for the user, or from one address that is known for many. " +
      "Users at other known addresses are not held up.",
    "Look for what guesses through this client; `CLIENT_FAILURES_FREE` says how many are too " +
      "many. A web application should send `Tollgate-Forwarded-For`; see docs/rate-limits.md.",
  ),
  secret_throttled: throttled(
    "Too many wrong secrets for one client id, whether or not there is such a client. Whoever " +
      "was right from the same address before has a count of their own.",
    "A server of yours with an old secret, or somebody guessing. `CLIENT_FAILURES_FREE` says " +
      "how many are too many.",
  ),
  throttle_busy: throttled(
    "Too many attempts at one user name or client id at the same moment.",
    "Somebody's flood at one name. Cloudflare's own rate limiting rules can stop it earlier.",
  ),
} as const satisfies Partial<Record<Reason, Explanation>>;
