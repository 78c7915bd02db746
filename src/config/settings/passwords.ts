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
      "How user names compare. With `case-insensitive`, `Ada` and `ada` are one user: run " +
      "`user fold-names` first, as [rate-limits.md](rate-limits.md#user-names) says.",
  },
  passwordHashRounds: {
    name: "PASSWORD_HASH_ROUNDS",
    kind: integer(1, ROUNDS_MAX),
    default: 6,
    doc: "PBKDF2 calls of 100,000 iterations for a password. OWASP recommends 6.",
    advice: {
      isWise: (value: number) => value >= 6,
      otherwise:
        "below 6 a stolen hash is guessed faster; passwords are rehashed at the next login",
    },
  },
  passwordLengthMin: {
    name: "PASSWORD_LENGTH_MIN",
    // NIST SP 800-63B allows no shorter password, and no verifier that rejects one of 64.
    kind: integer(8, 64),
    default: 8,
    doc:
      "Fewest characters of a new password. NIST SP 800-63B-4 asks for 15 where the password is " +
      "the only factor.",
  },
  hashesInFlightMax: {
    name: "HASHES_IN_FLIGHT_MAX",
    // The last of more would wait longer than a client does: each takes a tenth of a second.
    kind: integer(1, 300),
    default: 32,
    doc:
      "Passwords that one isolate hashes or queues, and as many client secrets. The rest get 503 " +
      "with `Retry-After` before any work.",
  },
  failedLoginSecondsMin: {
    name: "FAILED_LOGIN_SECONDS_MIN",
    // More would outlast the timeout of clients.
    kind: integer(0, 30),
    default: 2,
    doc:
      "A failed login takes at least this long, so that its time does not tell whether the user " +
      "exists, is active, or was imported. 0: no delay.",
  },
} as const satisfies Readonly<Record<string, Setting>>;
