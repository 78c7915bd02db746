import { parsePasswordHash } from "../crypto/password-hash.ts";
import { ITERATIONS_PER_CALL_MAX } from "../crypto/pbkdf2.ts";

/**
 * Microseconds that an iteration takes in JavaScript, which all do where one call of WebCrypto is
 * not enough: 260,000 took from 0.5 to 0.6 seconds in Node 24 on a machine of two cores in 2026.
 */
const ITERATION_MICROSECONDS = 2;

/** For how long a failed login is held where `FAILED_LOGIN_SECONDS_MIN` was left as it is. */
const HOLD_SECONDS = 2;

/** Looks for the password record of which a guess takes the longest. */
export function createSlowRecordWatch() {
  let slowest = 0;
  return {
    note(record: string): void {
      slowest = Math.max(slowest, parsePasswordHash(record)?.iterations ?? 0);
    },

    /** What an operator should know of it: nothing when a guess is over before it is answered. */
    warnings(): string[] {
      const seconds = (slowest * ITERATION_MICROSECONDS) / 1_000_000;
      if (slowest <= ITERATIONS_PER_CALL_MAX || seconds < HOLD_SECONDS) return [];
      const settingMin = Math.floor(seconds) + 2;
      return [
        `password hashes of up to ${slowest} iterations take some ${seconds.toFixed(1)} seconds ` +
          `to check: set FAILED_LOGIN_SECONDS_MIN to ${settingMin} or more while there are any, ` +
          "or the time of a failed login tells who has one",
      ];
    },
  };
}
