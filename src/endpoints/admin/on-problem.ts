import { type Problem, problemsOf } from "../../admin/api/input.ts";
import { ManagementError, type ManagementReason } from "../../admin/management-error.ts";
import { ConfigError } from "../../config/index.ts";
import { Refusal, Unavailable } from "../../protocol/refusal.ts";
import { setFailure } from "../../telemetry/failure.ts";
import { setLogFields } from "../../telemetry/request-log.ts";
import { SERVER_ERROR, UNAVAILABLE, type WireError, wireErrorOf } from "../on-error.ts";
import { problem } from "../respond.ts";

/** What every type of problem begins with; what follows stands in docs/errors.md. */
export const PROBLEM_TYPE = "urn:tollgate:problem:";

/** What a caller sees of each reason of management. */
export const MANAGEMENT_ERRORS: Readonly<Record<ManagementReason, WireError>> = {
  not_found: { status: 404, error: "not_found" },
  already_exists: { status: 409, error: "already_exists" },
  invalid: { status: 422, error: "invalid" },
  changed: { status: 409, error: "changed" },
};

/** The title of each type of problem: the same whatever was asked for (RFC 9457 §3.1.4). */
export const PROBLEM_TITLES: Readonly<Record<string, string>> = {
  not_found: "There is no such user or client.",
  already_exists: "There is one of that name or id already.",
  invalid: "What is asked for cannot be so.",
  changed: "Somebody else changed the same meanwhile.",
  invalid_request: "The request is malformed.",
  invalid_token: "The access token is not good here.",
  insufficient_scope: "The access token does not allow this.",
  slow_down: "There are too many requests at once.",
  temporarily_unavailable: "The service is not available for the moment.",
  server_error: "The service failed.",
};

/** Translates whatever a request to the management API threw into its answer (RFC 9457). */
export function onProblem(error: unknown): Response {
  if (error instanceof ManagementError) {
    setLogFields({ reason: error.reason });
    const isInvalid = error.reason === "invalid";
    return answer(MANAGEMENT_ERRORS[error.reason], isInvalid ? problemsOf(error) : undefined);
  }
  if (error instanceof Refusal) {
    setLogFields({ reason: error.reason });
    return answer(wireErrorOf(error));
  }
  setFailure(error);
  const isOutage = error instanceof Unavailable || error instanceof ConfigError;
  return answer(isOutage ? UNAVAILABLE : SERVER_ERROR);
}

/** Answers a method that a path does not have. @param methods those that it has, as in `Allow` */
export function methodIsNoneOf(methods: string): Response {
  setLogFields({ reason: "method_not_allowed" });
  return answer({ status: 405, error: "invalid_request", headers: { Allow: methods } });
}

function answer(error: WireError, problems?: readonly Problem[]): Response {
  setLogFields({ error: error.error });
  return problem(toProblem(error, problems), error.status, error.headers);
}

/** The body of a problem (RFC 9457 §3). */
export function toProblem(
  { error, status, description }: WireError,
  problems?: readonly Problem[],
): Readonly<Record<string, unknown>> {
  return {
    type: PROBLEM_TYPE + error,
    title: PROBLEM_TITLES[error],
    status,
    ...(description === undefined ? {} : { detail: description }),
    ...(problems === undefined ? {} : { problems }),
  };
}
