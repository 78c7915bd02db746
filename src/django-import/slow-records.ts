import { ITERATIONS_PER_CALL_MAX, parsePasswordHash } from "../crypto/password-hash.ts";

/**
 * Time of one PBKDF2 iteration in JavaScript, in microseconds. JavaScript is used for hashes with
 * more iterations than one WebCrypto call allows. Measured in 2026 with Node 24 on two cores:
 * 260,000 iterations took 0.5 to 0.6 s.
 */
const ITERATION_MICROSECONDS = 2;

/** The default of `FAILED_LOGIN_SECONDS_MIN`: how long a failed login is delayed. */
const DELAY_SECONDS = 2;

/** Finds the password hash that takes the longest to verify. */
export function createSlowRecordWatch() {
  let slowest = 0;
  return {
    note(record: string): void {
      slowest = Math.max(slowest, parsePasswordHash(record)?.iterations ?? 0);
    },

    /** Warns if verifying takes longer than the delay of a failed login. */
    warnings(): string[] {
      const seconds = (slowest * ITERATION_MICROSECONDS) / 1_000_000;
      if (slowest <= ITERATIONS_PER_CALL_MAX || seconds < DELAY_SECONDS) return [];
      const settingMin = Math.floor(seconds) + 2;
      return [
        `password hashes of up to ${slowest} iterations take about ${seconds.toFixed(1)} seconds ` +
          `to verify: set FAILED_LOGIN_SECONDS_MIN to at least ${settingMin} until they are ` +
          "migrated, or the duration of a failed login reveals which users have one",
      ];
    },
  };
}
