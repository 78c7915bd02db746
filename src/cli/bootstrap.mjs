/**
 * Makes a fresh clone runnable: installs the packages of the lockfile, unless they are there.
 * Plain JavaScript for any Node from 20 on, since nothing is installed yet; what runs after it runs
 * on the Node that the lockfile pins, because npm puts node_modules/.bin first.
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 20;
const INSTALLED_MARKER = "node_modules/.package-lock.json";

process.chdir(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
  fail(`This needs Node ${NODE_MAJOR_MIN} or newer; this is ${process.version}.`);
}
if (!isInstalled()) {
  console.log("Installing packages from package-lock.json (a minute on a fresh clone) ...");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (npm.error) fail(`npm is needed and could not be started: ${npm.error.message}`);
  if (npm.status !== 0) fail("npm ci failed; its own words are above.");
}

function isInstalled() {
  if (!existsSync(INSTALLED_MARKER)) return false;
  return statSync(INSTALLED_MARKER).mtimeMs >= statSync("package-lock.json").mtimeMs;
}

/** @param {string} reason */
function fail(reason) {
  console.error(reason);
  process.exit(1);
}
