import { choice, integer, SECONDS } from "../kinds.ts";
import type { Setting } from "../setting.ts";

/** Settings of tokens and logins. */
export const TOKENS = {
  accessTokenTtlSeconds: {
    name: "ACCESS_TOKEN_TTL_SECONDS",
    kind: SECONDS,
    default: 3600,
    doc: "Lifetime of an access token. 3600 is an hour.",
    advice: {
      // KV's shortest expiration is 60 s. Source: Workers KV, "Expiring keys".
      isWise: (value: number) => value >= 60 && value <= 86_400,
      otherwise: "below 60, clients refresh constantly; above 86400, stolen tokens work for days",
    },
  },
  idTokenTtlSeconds: {
    name: "ID_TOKEN_TTL_SECONDS",
    kind: SECONDS,
    default: 3600,
    doc: "Lifetime of an ID token. A sign-out accepts an expired one.",
  },
  refreshIdleTtlSeconds: {
    name: "REFRESH_IDLE_TTL_SECONDS",
    kind: SECONDS,
    default: 2_592_000,
    doc: "A login expires if it is not refreshed for this long. 2592000 is 30 days.",
  },
  refreshAbsoluteTtlSeconds: {
    name: "REFRESH_ABSOLUTE_TTL_SECONDS",
    kind: SECONDS,
    default: 7_776_000,
    doc: "A login expires after this long, refreshed or not. 7776000 is 90 days.",
  },
  refreshRetry: {
    name: "REFRESH_RETRY",
    kind: choice("reject", "same-successor"),
    default: "reject",
    doc:
      "The response to a refresh token that was used within the retry window: `reject`, or " +
      "`same-successor` for mobile clients that you do not control. See [Which " +
      "REFRESH_RETRY](refresh-tokens.md#which-refresh_retry).",
  },
  refreshRetryWindowSeconds: {
    name: "REFRESH_RETRY_WINDOW_SECONDS",
    kind: integer(0, 600),
    default: 10,
    doc: "Length of the retry window.",
    advice: {
      isWise: (value: number) => value >= 8,
      otherwise:
        "below 8, a client that timed out on a slow response retries too late and has to log in",
    },
  },
} as const satisfies Readonly<Record<string, Setting>>;
