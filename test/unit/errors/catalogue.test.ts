import { expect, test } from "vitest";
import page from "../../../docs/errors.md?raw";
import { AUTHORIZATION, AUTHORIZATION_PAGE } from "../../../src/errors/authorization.ts";
import { AUTHORIZATION_CODE } from "../../../src/errors/authorization-code.ts";
import { CALLER } from "../../../src/errors/caller.ts";
import { CLIENT } from "../../../src/errors/client.ts";
import { CLIENT_DOCUMENT } from "../../../src/errors/client-document.ts";
import { CATALOGUE, ERROR_CODES, MANAGEMENT } from "../../../src/errors/index.ts";
import { LIMITS } from "../../../src/errors/limits.ts";
import { REFRESH_TOKEN } from "../../../src/errors/refresh-token.ts";
import { REGISTRATION } from "../../../src/errors/registration.ts";
import { REQUEST } from "../../../src/errors/request.ts";
import { LOAD, SERVICE } from "../../../src/errors/service.ts";
import { USER } from "../../../src/errors/user.ts";

const TOPICS = [
  ...[REQUEST, CLIENT, USER, REFRESH_TOKEN],
  ...[AUTHORIZATION_PAGE, AUTHORIZATION, AUTHORIZATION_CODE, CLIENT_DOCUMENT, REGISTRATION],
  ...[CALLER, LIMITS, LOAD, SERVICE, MANAGEMENT],
];

const SENTENCES = /^[A-Z`"].*\.$/s;

test.each(Object.entries(CATALOGUE))(
  "%s has a whole row, and docs/errors.md has it",
  (reason, row) => {
    const { status, error, meaning, fix, operator } = row;
    expect(status).toBeOneOf([400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503]);
    expect(ERROR_CODES).toHaveProperty(error);
    for (const text of [meaning, fix, operator ?? fix]) expect(text).toMatch(SENTENCES);

    const [, section = ""] = page.split(`\n## ${error}\n`);
    const advice = operator === undefined ? [] : [`- Operator: ${operator}`];
    const lines = [`### ${reason}`, "", `Status ${status}. ${meaning}`, "", `- Client: ${fix}`];
    expect(section).toContain(`\n${[...lines, ...advice].join("\n")}\n`);
  },
);

test("no two topics have a row for the same reason", () => {
  const reasons = TOPICS.flatMap((topic) => Object.keys(topic));
  expect(reasons.toSorted()).toEqual(Object.keys(CATALOGUE).toSorted());
});

test("every error has a reason, a title and advice", () => {
  const used = new Set(Object.values(CATALOGUE).map(({ error }) => error));
  expect(Object.keys(ERROR_CODES).toSorted()).toEqual([...used].toSorted());
  for (const { title, advice } of Object.values(ERROR_CODES)) {
    for (const text of [title, advice]) expect(text).toMatch(SENTENCES);
  }
});
