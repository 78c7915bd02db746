/**
 * Runs the tests of every tier, prints the slowest files, and counts the tests in the last line. An
 * argument is the report of an earlier run of `npm test`, whose projects then do not run again.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SLOWEST = 25;

/** The projects that `npm test` does not run. */
const SLOW_PROJECTS = ["system", "proofs", "workerd-proofs", "production-storage"];

const earlier = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "tollgate-tiers-"));
const own = join(folder, "report.json");
const projects = earlier.length === 0 ? [] : SLOW_PROJECTS.map((name) => `--project=${name}`);
const words = ["--reporter=default", "--reporter=json", `--outputFile.json=${own}`];
const vitest = ["node_modules/vitest/vitest.mjs", "run", ...projects, ...words];
const { status } = spawnSync(process.execPath, vitest, { stdio: ["ignore", "inherit", "inherit"] });

const reports = [...earlier, own].map(readReport);
rmSync(folder, { recursive: true });
const files = reports.flatMap(({ testResults }) => testResults);
const seconds = ({ startTime, endTime }) => (endTime - startTime) / 1000;
files.sort((one, other) => seconds(other) - seconds(one));
console.log(`\nThe ${SLOWEST} slowest files:`);
for (const file of files.slice(0, SLOWEST)) {
  const name = file.name.slice(Math.max(file.name.lastIndexOf("/test/") + 1, 0));
  console.log(`${seconds(file).toFixed(1).padStart(7)} s  ${name}`);
}

const sum = (name) => reports.reduce((total, report) => total + report[name], 0);
const [passed, failed, skipped] = ["numPassedTests", "numFailedTests", "numPendingTests"].map(sum);
// A file that does not load fails the run and has no test that could be counted.
const isGreen = status === 0 && reports.every(({ success }) => success);
if (!isGreen) process.exitCode = 1;
const counted = `${passed} passed, ${isGreen ? failed : Math.max(failed, 1)} failed`;
console.log(`\n${counted}${skipped === 0 ? "" : `, ${skipped} skipped`}`);

/** A run without a report, or without a test, has failed. */
function readReport(path) {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const none = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, testResults: [] };
  if (text === "") return { ...none, success: false };
  const report = JSON.parse(text);
  return { ...report, success: report.success && report.numPassedTests > 0 };
}
