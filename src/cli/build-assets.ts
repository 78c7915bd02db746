/**
 * `npm run assets`: builds the service's static assets, in the assets folder of wrangler.toml or in
 * the folder given as an argument. Wrangler runs it before it serves or deploys.
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

/** The source of each file. */
const ASSETS: Readonly<Record<string, () => Buffer>> = {
  _headers: () => pageFile("_headers"),
  "openapi.json": () => Buffer.from(`${JSON.stringify(document(), null, 2)}\n`),
  "docs.html": () => Buffer.from(docsPage()),
  "docs/docs.css": () => Buffer.from(`${STYLE}\n${pageFile("docs.css")}`),
  "docs/docs.js": () => pageFile("docs.js"),
};

await runCommand(async () => {
  requireOwnDir();
  for (const [name, read] of Object.entries(ASSETS)) write(join(TARGET_DIR, name), read());
  for (const entry of readdirSync(TARGET_DIR, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !isAsset(path)) rmSync(path, { force: true });
  }
});

/** `npm start` and `npm run deploy` pass the prefix, because reading wrangler.toml takes 1 s. */
function document() {
  return openApiDocument(firstPrefix({ PATH_PREFIX: process.env["PATH_PREFIX"] }));
}

function pageFile(name: string): Buffer {
  return readFileSync(join(PAGE_DIR, name));
}

/** All other files in the folder are removed, so it must be empty or from an earlier build. */
function requireOwnDir(): void {
  if (TARGET_DIR === ASSETS_DIR || !existsSync(TARGET_DIR)) return;
  const names = readdirSync(TARGET_DIR);
  if (names.length === 0 || names.includes("_headers")) return;
  throw new CommandError(`${TARGET_DIR} contains other files. Use an empty folder or the default.`);
}

/** Writes in one step: other builds, or a service that reads the files, may run at once. */
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
