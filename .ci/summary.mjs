/** Prints how many tests passed and failed, from Vitest's JSON report; a run without any has failed. */
import { readFileSync } from "node:fs";

const [, , path] = process.argv;
const text = readFileSync(path, "utf8");
const { numPassedTests = 0, numFailedTests = 0 } = text === "" ? {} : JSON.parse(text);
if (numPassedTests + numFailedTests === 0) {
  console.error("No test ran: what failed before them is above.");
  process.exitCode = 1;
}
console.log(`${numPassedTests} passed, ${numFailedTests} failed`);
