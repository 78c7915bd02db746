/**
 * Installs the packages of the lockfile in a fresh clone. Plain JavaScript for Node 20 or newer,
 * because nothing is installed yet. Later commands run on the Node that the lockfile pins: npm puts
 * node_modules/.bin first in PATH.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 20;
const INSTALLED_MARKER = "node_modules/.package-lock.json";

const INSTALL = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];

process.chdir(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
  fail(`Node ${NODE_MAJOR_MIN} or newer is required; this is ${process.version}.`);
}
if (!isInstalled()) install();

/** npm writes the marker last, so an interrupted install has no marker and runs again. */
function isInstalled() {
  if (!existsSync(INSTALLED_MARKER)) return false;
  return statSync(INSTALLED_MARKER).mtimeMs >= statSync("package-lock.json").mtimeMs;
}

function install() {
  try {
    accessSync(".", constants.W_OK);
  } catch (error) {
    fail(`Cannot install packages in ${process.cwd()}: ${error.message}`);
  }
  console.log("Installing packages from package-lock.json (about a minute in a fresh clone) ...");
  const npm = spawnSync("npm", INSTALL, {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (npm.error) fail(`Could not start npm: ${npm.error.message}`);
  if (npm.status !== 0) fail("npm ci failed or was interrupted. See its output above.");
  if (!existsSync("node_modules/.bin/node")) {
    fail(
      "Node 24 was not installed because npm skipped install scripts. Unset ignore-scripts in npm.",
    );
  }
}

/** @param {string} reason */
function fail(reason) {
  console.error(reason);
  process.exit(1);
}
