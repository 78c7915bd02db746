/**
 * Makes a fresh clone runnable: installs the packages of the lockfile, unless they are there.
 * Plain JavaScript for any Node from 20 on, since nothing is installed yet; what runs after it runs
 * on the Node that the lockfile pins, because npm puts node_modules/.bin first.
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
  fail(`This needs Node ${NODE_MAJOR_MIN} or newer; this is ${process.version}.`);
}
if (!isInstalled()) install();

/** npm writes the marker last, so an install that was cut short has none and is done again. */
function isInstalled() {
  if (!existsSync(INSTALLED_MARKER)) return false;
  return statSync(INSTALLED_MARKER).mtimeMs >= statSync("package-lock.json").mtimeMs;
}

function install() {
  try {
    accessSync(".", constants.W_OK);
  } catch (error) {
    fail(`Packages cannot be installed in ${process.cwd()}: ${error.message}`);
  }
  console.log("Installing packages from package-lock.json (a minute on a fresh clone) ...");
  const npm = spawnSync("npm", INSTALL, {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (npm.error) fail(`npm is needed and could not be started: ${npm.error.message}`);
  if (npm.status !== 0) fail("npm ci failed or was interrupted; its output is above.");
  if (!existsSync("node_modules/.bin/node")) {
    fail("npm ran no install scripts, and so there is no Node 24. Is ignore-scripts set for npm?");
  }
}

/** @param {string} reason */
function fail(reason) {
  console.error(reason);
  process.exit(1);
}
