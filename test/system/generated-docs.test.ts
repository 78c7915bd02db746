import { describe, expect, test } from "vitest";
import { generate } from "../../src/cli/docs/generate.ts";

const MARKER = "<!-- generated: settings -->";

describe("a marker", () => {
  test("is replaced up to its end, and nothing else is", () => {
    const text = (body: string) => `a\n${MARKER}\n${body}<!-- end of generated -->\nb\n`;
    const once = generate("x.md", text("stale\n\nlines\n"));
    expect(once).toContain("| `ISSUER` |");
    expect(once).not.toContain("stale");
    expect([once.slice(0, 2), once.slice(-2)]).toEqual(["a\n", "b\n"]);
    expect(generate("x.md", text(""))).toBe(once);
    expect(generate("x.md", once)).toBe(once);
  });

  test("with an unknown name is an error that lists the names", () => {
    const text = "<!-- generated: toString -->\n<!-- end of generated -->\n";
    expect(() => generate("x.md", text)).toThrow(
      "x.md: unknown generated part toString. Known: settings, secrets, bindings",
    );
  });
});
