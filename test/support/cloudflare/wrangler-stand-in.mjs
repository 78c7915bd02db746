/**
 * Replaces the `wrangler` command where that would need an account: writes down its arguments
 * and its standard input, and ends as it is told to.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { env, exit } from "node:process";

const call = { args: process.argv.slice(2), input: readFileSync(0, "utf8") };
appendFileSync(String(env.STAND_IN_CALLS), `${JSON.stringify(call)}\n`);
const code = Number(env.STAND_IN_CODE ?? 0);
if (code !== 0) console.error("The stand-in fails, as it was told to.");
exit(code);
