import { integer, SECONDS, SWITCH } from "../kinds.ts";
import type { Setting } from "../setting.ts";

/** Settings that limit guessing of passwords and secrets. */
export const LIMITS = {
  rateLimits: {
    name: "RATE_LIMITS",
    kind: SWITCH,
    default: "on",
    doc:
      "`off` disables all rate limits on requests, passwords and secrets. Use it only for load " +
      "tests.",
    advice: {
      isWise: (value: string) => value === "on",
      otherwise: "passwords can be guessed as fast as they are hashed; off is for load tests",
    },
  },
  userFailuresFree: {
    name: "USER_FAILURES_FREE",
    // A higher value would be no limit.
    kind: integer(1, 100_000),
    default: 10,
    doc: "Wrong passwords for one user name before the first delay.",
  },
  userFailuresForgottenSeconds: {
    name: "USER_FAILURES_FORGOTTEN_SECONDS",
    kind: SECONDS,
    default: 86_400,
    doc: "The time in which that many failures expire, evenly: 10 in a day.",
  },
  clientFailuresFree: {
    name: "CLIENT_FAILURES_FREE",
    kind: integer(1, 100_000),
    default: 100,
    doc:
      "Wrong passwords of all users through one client, or wrong secrets of the client, before " +
      "the first delay.",
  },
  clientFailuresForgottenSeconds: {
    name: "CLIENT_FAILURES_FORGOTTEN_SECONDS",
    kind: SECONDS,
    default: 3600,
    doc: "The time in which that many failures expire, evenly: 100 in an hour.",
  },
  failureDelaySecondsMin: {
    name: "FAILURE_DELAY_SECONDS_MIN",
    kind: SECONDS,
    default: 1,
    doc: "The first delay; each further failure doubles it, up to `FAILURE_DELAY_SECONDS_MAX`.",
  },
  failureDelaySecondsMax: {
    name: "FAILURE_DELAY_SECONDS_MAX",
    kind: SECONDS,
    default: 900,
    doc: "The longest delay. 900 is 15 minutes.",
  },
} as const satisfies Readonly<Record<string, Setting>>;
