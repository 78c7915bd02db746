import { integer, SECONDS, SWITCH } from "../kinds.ts";
import type { Setting } from "../setting.ts";

/** Settings that bound how often passwords and secrets can be guessed. */
export const LIMITS = {
  rateLimits: {
    name: "RATE_LIMITS",
    kind: SWITCH,
    default: "on",
    doc:
      "`off` turns off all counting of requests and of wrong passwords and secrets. Use it for " +
      "load tests only.",
    advice: {
      isWise: (value: string) => value === "on",
      otherwise: "passwords can be guessed as fast as they are hashed; off is for load tests",
    },
  },
  userFailuresFree: {
    name: "USER_FAILURES_FREE",
    // More would be no limit.
    kind: integer(1, 100_000),
    default: 10,
    doc: "Wrong passwords for one user name before the first delay.",
  },
  userFailuresForgottenSeconds: {
    name: "USER_FAILURES_FORGOTTEN_SECONDS",
    kind: SECONDS,
    default: 86_400,
    doc: "The time in which that many failures are forgotten, evenly: 10 in a day.",
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
    doc: "The time in which that many failures are forgotten, evenly: 100 in an hour.",
  },
  failureDelaySecondsMin: {
    name: "FAILURE_DELAY_SECONDS_MIN",
    kind: SECONDS,
    default: 1,
    doc: "The first delay. Each further failure doubles it. At most `FAILURE_DELAY_SECONDS_MAX`.",
  },
  failureDelaySecondsMax: {
    name: "FAILURE_DELAY_SECONDS_MAX",
    kind: SECONDS,
    default: 900,
    doc: "The longest delay. 900 is 15 minutes.",
  },
} as const satisfies Readonly<Record<string, Setting>>;
