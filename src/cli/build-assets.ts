/**
 * `npm run assets`: makes the files that the service serves beside its Worker. Wrangler runs it
 * before it serves or deploys.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { openApiDocument } from "../openapi/document.ts";
import { ASSETS_DIR } from "./project.ts";

const PAGE_DIR = resolve(import.meta.dirname, "../openapi/page");
const SWAGGER_UI_DIR = dirname(fileURLToPath(import.meta.resolve("swagger-ui-dist/package.json")));

/** Where each file comes from. Of Swagger UI only what the page loads, and its licence. */
const ASSETS: Readonly<Record<string, () => Buffer>> = {
  _headers: () => readFileSync(join(PAGE_DIR, "_headers")),
  "openapi.json": () => Buffer.from(`${JSON.stringify(openApiDocument(), null, 2)}\n`),
  "docs.html": () => readFileSync(join(PAGE_DIR, "docs.html")),
  "docs/initializer.js": () => readFileSync(join(PAGE_DIR, "initializer.js")),
  "docs/swagger-ui-bundle.js": () => readFileSync(join(SWAGGER_UI_DIR, "swagger-ui-bundle.js")),
  "docs/swagger-ui.css": () => readFileSync(join(SWAGGER_UI_DIR, "swagger-ui.css")),
  "docs/LICENSE.txt": () => readFileSync(join(SWAGGER_UI_DIR, "LICENSE")),
  "docs/NOTICE.txt": () => readFileSync(join(SWAGGER_UI_DIR, "NOTICE")),
};

for (const [name, read] of Object.entries(ASSETS)) write(join(ASSETS_DIR, name), read());
for (const entry of readdirSync(ASSETS_DIR, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile() && !isAsset(path)) rmSync(path, { force: true });
}

/** Several builds may run at once, and a service may be serving: no file is ever half there. */
function write(path: string, contents: Buffer): void {
  if (currentContents(path)?.equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const draft = join(dirname(ASSETS_DIR), `${process.pid}.draft`);
  writeFileSync(draft, contents);
  renameSync(draft, path);
}

function currentContents(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

function isAsset(path: string): boolean {
  return Object.keys(ASSETS).some((name) => join(ASSETS_DIR, name) === path);
}
