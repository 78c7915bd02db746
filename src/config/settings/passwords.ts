import { ROUNDS_MAX } from "../../crypto/password-hash.ts";
import { USERNAME_MODES } from "../../protocol/usernames.ts";
import { choice, integer } from "../kinds.ts";
import type { Setting } from "../setting.ts";

/** Settings of user names, passwords and their hashing. */
export const PASSWORDS = {
  usernames: {
    name: "USERNAMES",
    kind: choice(...USERNAME_MODES),
    default: "exact",
    doc:
      "How user names are compared. With `case-insensitive`, `Ada` and `ada` are one user: run " +
      "`user fold-names` first; see [rate-limits.md](rate-limits.md#user-names).",
  },
  passwordHashRounds: {
    name: "PASSWORD_HASH_ROUNDS",
    kind: integer(1, ROUNDS_MAX),
    default: 6,
    doc: "PBKDF2 calls of 100,000 iterations for a password. OWASP recommends 6.",
    advice: {
      isWise: (value: number) => value >= 6,
      otherwise:
        "below 6, stolen hashes are easier to crack; passwords are rehashed at the next login",
    },
  },
  passwordLengthMin: {
    name: "PASSWORD_LENGTH_MIN",
    // NIST SP 800-63B: at least 8, and verifiers must accept 64.
    kind: integer(8, 64),
    default: 8,
    doc:
      "Minimum length of a new password. NIST SP 800-63B-4 requires 15 where the password is " +
      "the only factor.",
  },
  hashesInFlightMax: {
    name: "HASHES_IN_FLIGHT_MAX",
    // Each takes a tenth of a second; the last of more would outlast the timeouts of clients.
    kind: integer(1, 300),
    default: 32,
    doc:
      "Passwords that one isolate hashes or queues at a time, and as many client secrets. " +
      "Further requests get 503 with `Retry-After` before any work.",
  },
  failedLoginSecondsMin: {
    name: "FAILED_LOGIN_SECONDS_MIN",
    // More would outlast the timeouts of clients.
    kind: integer(0, 30),
    default: 2,
    doc:
      "A failed login takes at least this long, so that its duration does not reveal whether the " +
      "user exists, is active, or was imported. 0: no delay.",
  },
} as const satisfies Readonly<Record<string, Setting>>;
