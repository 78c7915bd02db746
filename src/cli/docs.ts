/**
 * `npm run docs`: updates the generated parts of the committed documents. A test fails when they
 * are out of date.
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { runCommand } from "./command-error.ts";
import { generate } from "./docs/generate.ts";
import { PROJECT_DIR } from "./project.ts";

await runCommand(async () => {
  for (const path of globSync(["*.md", "docs/**/*.md", "package.json"], { cwd: PROJECT_DIR })) {
    const file = resolve(PROJECT_DIR, path);
    const before = readFileSync(file, "utf8");
    const after = generate(path, before);
    if (after === before) continue;
    writeFileSync(file, after);
    console.log(path);
  }
});
