#!/usr/bin/env node
/**
 * The command `tollgate`: runs the commands of the clone of the service that it is called in.
 * Plain JavaScript, since Node strips no types from files below node_modules.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NO_CLONE = `tollgate manages the service that is deployed from a clone of its repository, and
needs the wrangler.toml and the local state of that clone. This folder is in none.
Change to the clone's folder, or clone the repository and run "npm start" in it.`;

const words = process.argv.slice(2);
const clone = cloneAround(process.cwd());
if (clone !== null) {
  process.exitCode = runIn(clone);
} else if (words[0] === "--version" || words[0] === "-V") {
  const manifest = fileURLToPath(new URL("package.json", import.meta.url));
  console.log(JSON.parse(readFileSync(manifest, "utf8")).version);
} else {
  console.error(NO_CLONE);
  process.exitCode = 2;
}

/**
 * Finds the nearest clone.
 *
 * @param {string} folder
 * @returns {string | null}
 */
function cloneAround(folder) {
  if (existsSync(join(folder, "src/cli/bootstrap.mjs"))) return folder;
  return dirname(folder) === folder ? null : cloneAround(dirname(folder));
}

/**
 * Installs what the clone lacks, and runs the command on the clone's own Node.
 *
 * @param {string} folder
 * @returns {number} the exit code
 */
function runIn(folder) {
  const installed = run(process.execPath, [join(folder, "src/cli/bootstrap.mjs")]);
  if (installed !== 0) return installed;
  const node = join(folder, "node_modules/node/bin/node");
  return run(node, [join(folder, "src/cli/main.ts"), ...words]);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
function run(command, args) {
  const { error, status } = spawnSync(command, args, { stdio: "inherit" });
  if (error !== undefined) console.error(`${command} could not be started: ${error.message}`);
  return status ?? 1;
}
