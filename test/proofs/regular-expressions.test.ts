import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { patternsOf, slowInput } from "../support/adversarial.ts";
import { parseTree, readFiles } from "../support/architecture/tree.ts";

/** Far longer than any safe expression takes, and far shorter than a catastrophic one. */
const LIMIT_MS = 1000;

const TIMEOUT_MS = 120_000;

const project = parseTree(readFiles(resolve(import.meta.dirname, "../..")));

/** The CLI reads the output of the operator's own tools. */
const patterns = project.src.filter(({ part }) => part !== "cli").flatMap(patternsOf);

describe("no input of 64 KiB takes a regular expression a second:", () => {
  test.each(patterns.filter((pattern) => pattern !== null).map((one) => [one.place, one] as const))(
    "%s",
    (_, { expression }) => expect(slowInput(expression, LIMIT_MS)).toBeNull(),
    TIMEOUT_MS,
  );
});

test("every regular expression is a literal, so that it is in this list", () => {
  expect(patterns.length).toBeGreaterThan(20);
  expect(patterns).not.toContain(null);
});

describe("the search finds a catastrophic expression:", () => {
  test.each([/^(a+)+$/, /(x|x)*y/, /^(?:\w+\s?)*$/, /("[^"]*)*;/])("%s", (expression) => {
    expect(slowInput(expression, 100)).not.toBeNull();
  });

  test.each([["new RegExp(text)"], ["RegExp(text)"]])("one that is constructed: %s", (code) => {
    const tree = parseTree(new Map([["src/a.ts", `const a = ${code};`]]));
    expect(tree.src.flatMap(patternsOf)).toEqual([null]);
  });
});
