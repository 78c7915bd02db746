/** Prints how many tests passed and failed, from Vitest's JSON report; a run without any has failed. */
import { readFileSync } from "node:fs";

const [, , path] = process.argv;
const text = readFileSync(path, "utf8");
const report = text === "" ? {} : JSON.parse(text);
const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, success = false } = report;
if (numPassedTests + numFailedTests === 0) {
  console.error("No test ran: what failed before them is above.");
  process.exitCode = 1;
}
// A file that cannot even be loaded fails the run without a test that could be counted.
const failed = success ? numFailedTests : Math.max(numFailedTests, 1);
const skipped = numPendingTests === 0 ? "" : `, ${numPendingTests} skipped`;
console.log(`${numPassedTests} passed, ${failed} failed${skipped}`);
