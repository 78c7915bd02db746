import { type Problem, problemsOf } from "../../admin/api/input.ts";
import { recordError } from "../../errors/classify.ts";
import { CATALOGUE, ERROR_CODES, type WireError } from "../../errors/index.ts";
import { setLogFields } from "../../telemetry/request-log.ts";
import { toWireError } from "../on-error.ts";
import { problem } from "../respond.ts";

/** The start of every problem's type. The rest is an error of docs/errors.md. */
export const PROBLEM_TYPE = "urn:tollgate:problem:";

/** Translates what a management request threw into a problem (RFC 9457), and notes the reason. */
export function onProblem(thrown: unknown): Response {
  const classified = recordError(thrown);
  const problems = classified.reason === "invalid" ? problemsOf(classified.error) : undefined;
  return respond(toWireError(classified), problems);
}

/** The response to an unsupported method. @param methods the supported ones, as in `Allow` */
export function methodNotAllowed(methods: string): Response {
  setLogFields({ reason: "method_not_allowed" });
  return respond({ ...CATALOGUE.method_not_allowed, headers: { Allow: methods } });
}

function respond(error: WireError, problems?: readonly Problem[]): Response {
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
    title: ERROR_CODES[error].title,
    status,
    ...(description === undefined ? {} : { detail: description }),
    ...(problems === undefined ? {} : { problems }),
  };
}
