import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";

/** Words that engineers of this field do not use. DESIGN: say invalid, duplicate, caller, fix. */
const AVOIDED =
  /\b(?:whoever|whomever|nobody|nobody's|somebody|anybody|everybody|stands? (?:twice|beside|in)|beside|is odd|odd (?:one|id|key)|is (?:no )?good|comes? again|mend(?:s|ed|ing)?|upkeep)\b/gi;

/** Titles of tests are not rewritten yet; AGENTS.md lists the words. */
const PENDING = ["test/", "AGENTS.md"];

const ROOT = resolve(import.meta.dirname, "..");
const paths = globSync(["src/**/*.{ts,md,js}", "docs/**/*.md", "*.md", "test/**/*.test.ts"], {
  cwd: ROOT,
});

/** In tests only titles count: a comment may name an avoided word. */
function readProse(path: string): string {
  const text = readFileSync(resolve(ROOT, path), "utf8");
  if (!path.startsWith("test/")) return text;
  return [...text.matchAll(/\b(?:test|describe)\S*\(\s*("[^"\n]*"|`[^`]*`)/g)].join("\n");
}

describe("words to avoid", () => {
  const read = paths.filter((path) => !PENDING.some((prefix) => path.startsWith(prefix)));

  test.each(read)("do not occur in %s", (path) => {
    expect(readProse(path).match(AVOIDED) ?? []).toEqual([]);
  });

  test("are found where they occur", () => {
    expect("Nobody mends a key that stands twice".match(AVOIDED)).toHaveLength(3);
  });
});
