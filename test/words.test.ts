import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";

/** Words that engineers of this field do not use. DESIGN: say invalid, rejected, caller, fix. */
const AVOIDED =
  /\b(?:whoever|whomever|nobody|somebody|anybody|everybody|stands? (?:twice|beside|in)|beside|(?:is|are) odd|odd (?:one|id|key)|(?:is|are) (?:no )?good|comes? again|mend(?:s|ed|ing)?|upkeep|(?:is|are) refused|refuses)\b/gi;

/** They list the words. */
const EXEMPT = ["AGENTS.md", "test/words.test.ts"];

const ROOT = resolve(import.meta.dirname, "..");
const paths = globSync(["src/**/*.{ts,md,js}", "docs/**/*.md", "*.md", "test/**/*.{ts,mjs,md}"], {
  cwd: ROOT,
  exclude: ["test/fixtures/**", "**/node_modules/**"],
});

/** Titles, comments and names. A literal of one word is data, such as the user name "nobody". */
function proseOf(text: string): string {
  return text.replaceAll(/"[^"\s]*"/g, '""');
}

describe("words to avoid", () => {
  const read = paths.filter((path) => !EXEMPT.includes(path));

  test.each(read)("do not occur in %s", (path) => {
    const text = readFileSync(resolve(ROOT, path), "utf8");
    expect(proseOf(text).match(AVOIDED) ?? []).toEqual([]);
  });

  test.each([
    'test("a key stands twice")',
    'test.each([])(\n  "%s is refused",\n  () => {});',
    '["a user whom nobody knows", 1]',
    "// Mend it.",
    "const nobody = 1;",
  ])("are found in %j", (code) => {
    expect(proseOf(code).match(AVOIDED)).toHaveLength(1);
  });

  test("are data as a literal of one word", () => {
    expect(proseOf('username: "nobody"').match(AVOIDED)).toBeNull();
  });
});
