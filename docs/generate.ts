/**
 * `npm run docs`: writes what the documents have from code. A block between
 * `<!-- generated: NAME -->` and `<!-- end -->` is generated, and so are some whole pages.
 * `test/docs.test.ts` fails when one is not current.
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DELAYS, latencyTable } from "../bench/latency.ts";
import { PROJECT_DIR } from "../src/cli/project.ts";
import { errorsPage } from "../src/management/explanations/page.ts";
import { AUDIT_ACTIONS, AUDIT_FIELDS } from "../src/telemetry/audit-event.ts";
import { METRIC_BLOBS, METRIC_DOUBLES, METRIC_INDEX } from "../src/telemetry/metrics.ts";
import { REQUEST_FIELDS } from "../src/telemetry/request-line.ts";
import { dollarsTable } from "../test/support/costs.ts";

/** Pages that are generated as a whole, by path. */
const PAGES: Readonly<Record<string, () => string>> = { "docs/errors.md": errorsPage };

/** Blocks by name. Each is used in one document. */
const BLOCKS: Readonly<Record<string, () => readonly string[]>> = {
  "audit actions": () => table(["action", "meaning"], codeRows(AUDIT_ACTIONS)),
  "audit fields": () => table(["field", "meaning"], codeRows(AUDIT_FIELDS)),
  dollars: dollarsTable,
  latency: () => latencyTable(DELAYS),
  "log fields": () => table(["field", "meaning"], codeRows(REQUEST_FIELDS)),
  "metric columns": () => table(["column", "is the field of the log"], columnRows()),
};

const BLOCK = /(<!-- generated: ([^>]+) -->\n).*?(<!-- end -->)/gs;

/** Text of every document that has a generated part, by path. @throws for a name that is unknown */
export function generatedDocuments(): Map<string, string> {
  const documents = new Map(Object.entries(PAGES).map(([path, page]) => [path, page()]));
  const unused = new Set(Object.keys(BLOCKS));
  for (const path of globSync("{*.md,docs/*.md,test/*.md}", { cwd: PROJECT_DIR })) {
    const text = readFileSync(join(PROJECT_DIR, path), "utf8");
    if (documents.has(path) || !text.includes("<!-- generated: ")) continue;
    const generated = text.replace(BLOCK, (_, begin: string, name: string, end: string) => {
      const block = BLOCKS[name];
      if (block === undefined) throw new Error(`${path}: there is no block ${name}`);
      unused.delete(name);
      return `${begin}${block().join("\n")}\n${end}`;
    });
    documents.set(path, generated);
  }
  if (unused.size > 0) throw new Error(`no document has the blocks: ${[...unused].join(", ")}`);
  return documents;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const rule = heads.map(() => "---");
  return [heads, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

function codeRows(meanings: Readonly<Record<string, string>>): string[][] {
  return Object.entries(meanings).map(([name, meaning]) => [`\`${name}\``, meaning]);
}

/** The columns of the Analytics Engine dataset. */
function columnRows(): string[][] {
  return [
    ["index1", METRIC_INDEX] as const,
    ...METRIC_BLOBS.map((name, index) => [`blob${index + 1}`, name] as const),
    ...METRIC_DOUBLES.map((name, index) => [`double${index + 1}`, name] as const),
  ].map(([column, field]) => [`\`${column}\``, `\`${field}\``]);
}

if (import.meta.main) {
  for (const [path, text] of generatedDocuments()) writeFileSync(join(PROJECT_DIR, path), text);
}
