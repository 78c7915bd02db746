import { type ErrorRows, RETRY_AFTER, type WireError } from "./row.ts";

const UNAVAILABLE: WireError = {
  status: 503,
  error: "temporarily_unavailable",
  description: "The service is not available for the moment. Try again.",
  headers: RETRY_AFTER,
};

const RETRY = "Retry as `Retry-After` says. Keep every token: this response says nothing about it.";

/** The one reason in the service's load: the request is rejected, and nothing has failed. */
export const LOAD = {
  hashing_busy: {
    ...UNAVAILABLE,
    meaning:
      "Too many passwords, or too many client secrets, are being checked: more than " +
      "`HASHES_IN_FLIGHT_MAX` of either in one isolate, or more than three with a long hash from " +
      "Django, which takes seconds, in one object. This password may well be right.",
    fix: RETRY,
    operator:
      "Do nothing while imported users log in for the first time: each right password replaces " +
      "its hash by one that is fast to check. Otherwise look for a flood of logins.",
  },
} satisfies ErrorRows;

/** Reasons that lie in the service. */
export const SERVICE = {
  storage_failed: {
    ...UNAVAILABLE,
    meaning:
      "D1, KV or a Durable Object failed, lacks a table, or did not respond within 3 seconds (15 " +
      "for a long hash from Django); or `LEGACY_TOKEN_ENDPOINT` returned neither a token nor " +
      "`invalid_grant` within 5 seconds.",
    fix: RETRY,
    operator:
      '`failure` in the log has the operation and the platform\'s message. "no such table" or ' +
      '"no such column" means that migrations have not run; otherwise see cloudflarestatus.com. ' +
      "`legacy.log_in` is the call to `LEGACY_TOKEN_ENDPOINT`; status 401 means that it rejects " +
      "the client.",
  },
  misconfigured: {
    ...UNAVAILABLE,
    meaning: "A setting, a secret or a binding is missing or invalid. Every request fails.",
    fix: RETRY,
    operator:
      "`failure` in the log names it. docs/configuration.md says what each must be, and `doctor` " +
      "checks them all.",
  },
  unexpected_error: {
    status: 500,
    error: "server_error",
    description: "The service failed. Report the X-Request-Id to its operator.",
    meaning: "The service has a bug.",
    fix: "Report the `X-Request-Id`.",
    operator: "`failure` in the log says where in the code. Report it as a bug.",
  },
} satisfies ErrorRows;
