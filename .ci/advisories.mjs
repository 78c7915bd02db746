/**
 * Fails the run when a package of the lockfile has a known weakness of level moderate or above,
 * from the JSON of `npm audit`. Where npm could not ask, it says so and fails nothing.
 */
import { readFileSync } from "node:fs";

const FAILING = ["moderate", "high", "critical"];

const [, , path] = process.argv;
const report = parse(readFileSync(path, "utf8"));
const counts = report?.metadata?.vulnerabilities;

if (counts !== undefined) {
  const failing = Object.values(report.vulnerabilities ?? {}).filter(({ severity }) => {
    return FAILING.includes(severity);
  });
  for (const { name, severity, range } of failing) console.error(`${severity}: ${name} ${range}`);
  // The counts too: a list in some other form must not pass for an empty one.
  if (failing.length > 0 || FAILING.some((level) => counts[level] !== 0)) {
    console.error("Packages of the lockfile have known weaknesses: `npm audit` has the links.");
    process.exitCode = 1;
  } else {
    console.log("npm audit: no known weakness of level moderate or above.");
  }
} else if (typeof report?.message === "string" && report.error?.code === undefined) {
  const [reason] = report.message.split("\n");
  console.log(`npm audit could not ask for advisories, so nothing is known: ${reason}`);
} else {
  console.error(`npm audit failed: ${report?.error?.summary ?? "its answer is no report"}`);
  process.exitCode = 1;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
