import { describe, expect, test } from "vitest";
import {
  ERRORS,
  EXPLANATIONS,
  type Reason,
  reasonsOf,
} from "../../../src/admin/explanations/index.ts";
import { ManagementError, type ManagementReason } from "../../../src/admin/management-error.ts";
import { ConfigError } from "../../../src/config/index.ts";
import { onProblem, PROBLEM_TYPE } from "../../../src/endpoints/admin/on-problem.ts";
import { methodNotAllowed, onError } from "../../../src/endpoints/on-error.ts";
import { Refusal, type RefusalReason, Unavailable } from "../../../src/protocol/refusal.ts";

const ofManagement = (reason: ManagementReason) => () => onProblem(new ManagementError(reason));

/** What the service answers for reasons that no Refusal carries. */
const OTHERS: Readonly<Record<string, () => Response>> = {
  not_found: ofManagement("not_found"),
  already_exists: ofManagement("already_exists"),
  invalid: ofManagement("invalid"),
  changed: ofManagement("changed"),
  method_not_allowed: () => methodNotAllowed("POST, OPTIONS"),
  storage_failed: () => onError(new Unavailable("d1.find_accounts", new Error())),
  misconfigured: () => onError(new ConfigError()),
  unexpected_error: () => onError(new TypeError()),
};

const REASONS = Object.keys(EXPLANATIONS) as Reason[];

describe("the explanation of a reason has the status and the error that the service answers", () => {
  test.each(REASONS)("%s", async (reason) => {
    const refuse = () => onError(new Refusal(reason as RefusalReason));
    const answer = (OTHERS[reason] ?? refuse)();
    const body = await answer.json<{ error?: string; type?: string }>();
    const error = body.error ?? body.type?.replace(PROBLEM_TYPE, "");
    const { status, error: explained } = EXPLANATIONS[reason];
    expect({ status, error: explained }).toEqual({ status: answer.status, error });
  });
});

test("every error of the wire is explained, and each has a reason", () => {
  const errors = new Set(Object.values(EXPLANATIONS).map(({ error }) => error));
  expect(Object.keys(ERRORS).toSorted()).toEqual([...errors].toSorted());
  expect(Object.keys(ERRORS).flatMap(reasonsOf).toSorted()).toEqual(REASONS.toSorted());
});

test("an explanation is in sentences, and names nothing that is not told", () => {
  for (const { meaning, client, operator } of Object.values(EXPLANATIONS)) {
    for (const text of [meaning, client, operator]) expect(text).toMatch(/^[A-Z`"].*\.$/s);
  }
});
