import { appendFileSync, cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import {
  METRIC_BLOBS,
  METRIC_DOUBLES,
  METRIC_INDEX,
  METRICS,
} from "../../src/telemetry/metrics.ts";
import { REQUEST_FIELDS } from "../../src/telemetry/request-line.ts";
import { run } from "../support/processes.ts";
import { temporaryDir } from "../support/server.ts";

const read = (name: string) => readFileSync(join(PROJECT_DIR, "docs", name), "utf8");
const page = read("observability.md");

/** Each column of the dataset, and its log field. */
const COLUMNS: Readonly<Record<string, string>> = Object.fromEntries([
  ["index1", METRIC_INDEX],
  ...METRIC_BLOBS.map((name, index) => [`blob${index + 1}`, name]),
  ...METRIC_DOUBLES.map((name, index) => [`double${index + 1}`, name]),
]);

/** The code of a fenced block, by its language. */
const fences = (text: string, language: string) => {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map(
    ([, code]) => code ?? "",
  );
};

describe("docs/observability.md", () => {
  test("shows a log line with existing fields", () => {
    const [example = "{}"] = fences(page, "json");
    const fields = Object.keys(JSON.parse(example));
    expect(Object.keys(REQUEST_FIELDS)).toEqual(expect.arrayContaining(fields));
  });

  test.each(Object.keys(METRICS))("has a query for %s over existing columns", (name) => {
    const [, section = ""] = page.split(`### ${name}\n`);
    const [query = ""] = fences(section.split("\n### ")[0] ?? "", "sql");
    const used = query.match(/\b(?:index|blob|double)\d+\b/g) ?? [];
    expect(used.length).toBeGreaterThan(0);
    expect(Object.keys(COLUMNS)).toEqual(expect.arrayContaining(used));
    for (const [, column = "", alias] of query.matchAll(/\b(\w+\d) AS (\w+)/g)) {
      expect(alias).toBe(COLUMNS[column]);
    }
    expect(query).toContain("_sample_interval");
  });

  test("has no query for anything else", () => {
    expect(fences(page, "sql")).toHaveLength(Object.keys(METRICS).length);
  });

  test("shows bindings that a deployment would accept", async () => {
    const { path: dir, remove } = temporaryDir();
    onTestFinished(remove);
    for (const name of ["wrangler.toml", "src", "package.json"]) {
      cpSync(join(PROJECT_DIR, name), join(dir, name), { recursive: true });
    }
    symlinkSync(join(PROJECT_DIR, "node_modules"), join(dir, "node_modules"));
    const snippets = fences(page, "toml");
    expect(snippets).toHaveLength(2);
    appendFileSync(join(dir, "wrangler.toml"), `\n${snippets.join("\n")}`);
    const wrangler = join(PROJECT_DIR, "node_modules/wrangler/bin/wrangler.js");
    const words = [wrangler, "deploy", "--dry-run", "--env", "", "--outdir", join(dir, "out")];
    const { code, stdout, stderr } = await run(process.execPath, words, { cwd: dir });
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/env\.AUDIT_EVENTS \(tollgate-audit\) +Queue/);
    expect(stdout).toMatch(/env\.METRICS \(tollgate\) +Analytics Engine Dataset/);
  });
});
