/**
 * `npm run assets`: makes the files that the service serves beside its Worker, in the folder that
 * wrangler.toml names or in another one. Wrangler runs it before it serves or deploys.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { openApiDocument } from "../openapi/document.ts";
import { docsPage } from "../openapi/page/page.ts";
import { STYLE } from "../pages/style.ts";
import { CommandError, runCommand } from "./command-error.ts";
import { ASSETS_DIR, firstPrefix } from "./project.ts";

const TARGET_DIR = resolve(process.argv[2] ?? ASSETS_DIR);
const PAGE_DIR = resolve(import.meta.dirname, "../openapi/page");

/** Where each file comes from. */
const ASSETS: Readonly<Record<string, () => Buffer>> = {
  _headers: () => pageFile("_headers"),
  "openapi.json": () => Buffer.from(`${JSON.stringify(document(), null, 2)}\n`),
  "docs.html": () => Buffer.from(docsPage()),
  "docs/docs.css": () => Buffer.from(`${STYLE}\n${pageFile("docs.css")}`),
  "docs/docs.js": () => pageFile("docs.js"),
};

await runCommand(async () => {
  refuseForeignDir();
  for (const [name, read] of Object.entries(ASSETS)) write(join(TARGET_DIR, name), read());
  for (const entry of readdirSync(TARGET_DIR, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !isAsset(path)) rmSync(path, { force: true });
  }
});

/** `npm start` and `npm run deploy` pass the prefix on; to read wrangler.toml takes a second. */
function document() {
  return openApiDocument(firstPrefix({ PATH_PREFIX: process.env["PATH_PREFIX"] }));
}

function pageFile(name: string): Buffer {
  return readFileSync(join(PAGE_DIR, name));
}

/** What is not an asset is removed, so the folder must be this command's own. */
function refuseForeignDir(): void {
  if (TARGET_DIR === ASSETS_DIR || !existsSync(TARGET_DIR)) return;
  const names = readdirSync(TARGET_DIR);
  if (names.length === 0 || names.includes("_headers")) return;
  throw new CommandError(`${TARGET_DIR} holds other files: name an empty folder, or none.`);
}

/** Several builds may run at once, and a service may be serving: no file is ever half there. */
function write(path: string, contents: Buffer): void {
  if (currentContents(path)?.equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const draft = join(dirname(TARGET_DIR), `${process.pid}.draft`);
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
  return Object.keys(ASSETS).some((name) => join(TARGET_DIR, name) === path);
}
