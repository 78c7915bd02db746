import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { generate } from "../../src/cli/docs/generate.ts";
import { PROJECT_DIR } from "../../src/cli/project.ts";

const read = (path: string) => readFileSync(join(PROJECT_DIR, path), "utf8");
const MARKER = "<!-- generated: settings -->";

describe("what is generated is current; if not, run npm run docs", () => {
  const marked = globSync(["*.md", "docs/**/*.md"], { cwd: PROJECT_DIR }).filter((path) => {
    return read(path).includes("<!-- generated: ");
  });

  test("in docs/configuration.md, for one", () => {
    expect(marked).toContain(join("docs", "configuration.md"));
  });

  test.each([...marked, "package.json"])("in %s", (path) => {
    expect(generate(path, read(path))).toBe(read(path));
  });
});

describe("a marker", () => {
  test("is replaced up to its end, and nothing else is", () => {
    const text = (body: string) => `a\n${MARKER}\n${body}<!-- end of generated -->\nb\n`;
    const once = generate("x.md", text("old\n\nlines\n"));
    expect(once).toContain("| `ISSUER` |");
    expect(once).not.toContain("old");
    expect([once.slice(0, 2), once.slice(-2)]).toEqual(["a\n", "b\n"]);
    expect(generate("x.md", text(""))).toBe(once);
    expect(generate("x.md", once)).toBe(once);
  });

  test("that names nothing is an error which lists the names", () => {
    const text = "<!-- generated: toString -->\n<!-- end of generated -->\n";
    expect(() => generate("x.md", text)).toThrow(
      "x.md: nothing is generated as toString, only settings, secrets, bindings.",
    );
  });
});
