import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { generate } from "../src/cli/docs/generate.ts";
import { PROJECT_DIR } from "../src/cli/project.ts";

const read = (path: string) => readFileSync(join(PROJECT_DIR, path), "utf8");

const DOCUMENTS = globSync(["*.md", "{.github,docs,src,examples,test,package}/**/*.md"], {
  cwd: PROJECT_DIR,
  exclude: (path) => path === "node_modules" || path.endsWith("/node_modules"),
});

/** The anchors that GitHub gives to the headings of a document. */
function anchorsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => {
    const words = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, "");
    return words.replaceAll(" ", "-");
  });
}

describe.each([...DOCUMENTS, "package.json"])("%s", (path) => {
  test("is current where it is generated (`npm run docs` writes it)", () => {
    expect(generate(path, read(path))).toBe(read(path));
  });

  test("links only to files and headings that exist", () => {
    const links = [...read(path).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?[^)]*\)/g)];
    const broken = links.filter(([, to = "", anchor]) => {
      const target = to === "" ? path : join(dirname(path), to);
      if (!existsSync(join(PROJECT_DIR, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  test("names only test files that exist", () => {
    const named = [...read(path).matchAll(/`(test\/[\w/.-]+)`/g)].map(([, file = ""]) => file);
    expect(named.filter((file) => !existsSync(join(PROJECT_DIR, file)))).toEqual([]);
  });
});

test("SECURITY.md names a test for every threat", () => {
  const [, section = ""] = read("SECURITY.md").split("## Threats\n\n");
  const threats = (section.split("\n\n")[0] ?? "").split("\n").slice(2);
  expect(threats.length).toBeGreaterThan(20);
  const test = /\| (`test\/[\w/-]+\.test\.ts`(, )?)+ \|$/;
  expect(threats.filter((threat) => !test.test(threat))).toEqual([]);
});
