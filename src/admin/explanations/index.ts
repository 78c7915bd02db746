import { CLIENT_EXPLANATIONS } from "./client.ts";
import type { Explanation, Reason } from "./explanation.ts";
import { REFRESH_EXPLANATIONS, USER_EXPLANATIONS } from "./grant.ts";
import { LIMIT_EXPLANATIONS } from "./limits.ts";
import { MANAGEMENT_EXPLANATIONS } from "./management.ts";
import { REQUEST_EXPLANATIONS } from "./request.ts";

export type { Explanation, Reason } from "./explanation.ts";

/** Reasons that lie in the service. */
const SERVICE_EXPLANATIONS = {
  storage_failed: {
    status: 503,
    error: "temporarily_unavailable",
    meaning:
      "D1, KV or a Durable Object failed, lacks a table, or did not answer within 3 seconds (15 " +
      "for a long hash from Django); or " +
      "`LEGACY_TOKEN_ENDPOINT` gave neither a token nor `invalid_grant` within 5 seconds.",
    client: "Try again as `Retry-After` says. Keep every token: nothing is known to be wrong.",
    operator:
      '`failure` in the log names the operation and what the platform said. "no such table" or ' +
      '"no such column" means that migrations have not run; else see cloudflarestatus.com. ' +
      "`legacy.log_in` is the call to `LEGACY_TOKEN_ENDPOINT`; status 401 means that it refuses " +
      "the client.",
  },
  hashing_busy: {
    status: 503,
    error: "temporarily_unavailable",
    meaning:
      "Too many passwords, or too many secrets of clients, are being checked: " +
      "`HASHES_IN_FLIGHT_MAX` of either in one isolate, or three with a long hash from Django, " +
      "which takes seconds, in one object. " +
      "Nothing is known to be wrong with this one.",
    client: "Try again as `Retry-After` says. Keep every token.",
    operator:
      "Nothing, while imported users log in for the first time: each right password replaces its " +
      "hash by one that is quick to check. Otherwise look for a flood of logins.",
  },
  misconfigured: {
    status: 503,
    error: "temporarily_unavailable",
    meaning: "A setting, a secret or a binding is missing or odd, so that no request is answered.",
    client: "Try again later. Keep every token.",
    operator: "`failure` in the log names it; the README says what each must be.",
  },
  unexpected_error: {
    status: 500,
    error: "server_error",
    meaning: "A fault in the service that nobody foresaw.",
    client: "Report the `X-Request-Id`.",
    operator: "`failure` in the log says where in the code; please report it as a bug.",
  },
} as const;

/** Why a request had no success, for people: what it means and what to do. */
export const EXPLANATIONS: Readonly<Record<Reason, Explanation>> = {
  ...REQUEST_EXPLANATIONS,
  ...CLIENT_EXPLANATIONS,
  ...USER_EXPLANATIONS,
  ...REFRESH_EXPLANATIONS,
  ...MANAGEMENT_EXPLANATIONS,
  ...LIMIT_EXPLANATIONS,
  ...SERVICE_EXPLANATIONS,
};

/** What clients see, for people who have nothing else: the meaning, and what a client does. */
export const ERRORS: Readonly<Record<string, string>> = {
  invalid_request: "The request is malformed: mend the client. Trying again does not help.",
  invalid_client: "The client is not known or did not prove to be who it says it is.",
  invalid_grant:
    "At a login: name and password are not right. At a refresh: the refresh token is no longer " +
    "good, so log in again, except after a request that raced with another of your own.",
  invalid_scope: "A scope was asked for that may not be had.",
  invalid_target: "A token was asked for an API that the client may not have tokens for.",
  unauthorized_client: "The client may not use this grant.",
  unsupported_grant_type: "There is no such grant here.",
  slow_down: "Too many requests, or attempts that failed. Wait as `Retry-After` says.",
  invalid_token: "The bearer token is not good now: get a new one.",
  insufficient_scope: "The bearer token is good, but not for this.",
  temporarily_unavailable:
    "The service cannot tell for the moment. Try again as `Retry-After` says, and keep your " +
    "tokens.",
  server_error: "A fault of the service. Report the `X-Request-Id`.",
  not_found: "Management API: there is no such user or client.",
  already_exists: "Management API: the name or id is taken.",
  invalid: "Management API: what was asked for cannot be so; the answer says why.",
  changed: "Management API: somebody else changed the same meanwhile. Look, and try again.",
};

/** The reasons behind an `error`. */
export function reasonsOf(error: string): Reason[] {
  const entries = Object.entries(EXPLANATIONS) as [Reason, Explanation][];
  return entries.filter(([, explanation]) => explanation.error === error).map(([name]) => name);
}
