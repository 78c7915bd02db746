import { expect, test } from "vitest";
import { onError } from "../../../src/endpoints/on-error.ts";
import { classify } from "../../../src/errors/classify.ts";
import { ManagementError } from "../../../src/errors/management-error.ts";
import { ConfigError, Misconfigured, Refusal, Unavailable } from "../../../src/errors/refusal.ts";

test.each([
  [new Refusal("family_raced"), "refusal", "family_raced", 400],
  [new ManagementError("changed"), "management", "changed", 409],
  [new ConfigError("SCOPES is empty"), "failure", "misconfigured", 503],
  [new Misconfigured("Fold the names."), "failure", "misconfigured", 503],
  [new Unavailable("d1.batch", new Error("no response")), "failure", "storage_failed", 503],
  [new TypeError("a bug"), "failure", "unexpected_error", 500],
  ["not an error", "failure", "unexpected_error", 500],
])("%s is a %s: %s, status %i", (thrown, kind, reason, status) => {
  expect(classify(thrown)).toEqual({ kind, reason, error: thrown });
  expect(onError(thrown).status).toBe(status);
});

test("only an error with its own delay changes Retry-After", () => {
  const retryAfter = (refusal: Refusal) => onError(refusal).headers.get("Retry-After");
  expect(retryAfter(new Refusal("user_throttled"))).toBe("1");
  expect(retryAfter(new Refusal("user_throttled", 90))).toBe("90");
  expect(retryAfter(new Refusal("password_wrong"))).toBeNull();
});
