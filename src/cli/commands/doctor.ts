import { Command } from "commander";
import { CommandError } from "../command-error.ts";
import { describeChecks, isHealthy } from "../doctor/check.ts";
import { examine } from "../doctor/examine.ts";
import { DEFAULT_STATE_DIR } from "../project.ts";

interface DoctorOptions {
  readonly persistTo: string;
  readonly remote: boolean;
  readonly env?: string;
  readonly url?: string;
  readonly json: boolean;
}

/** The command `doctor`, for `program.ts` to add. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("look at everything that has to be right; changes nothing")
    .option("--persist-to <dir>", "folder of the local state", DEFAULT_STATE_DIR)
    .option("--remote", "the deployed service instead of local state", false)
    .option("--env <name>", "environment of wrangler.toml, such as staging")
    .option("--url <origin>", "where the service runs; without it, ISSUER if that is set")
    .option("--json", "for programs", false)
    .action(async ({ persistTo, remote, env, url, json }: DoctorOptions) => {
      const target = { stateDir: persistTo, remote, ...(env === undefined ? {} : { env }) };
      const checks = await examine({ ...target, address: readOrigin(url), patienceMs: 0 });
      const isWell = isHealthy(checks);
      console.log(json ? JSON.stringify({ healthy: isWell, checks }) : describeChecks(checks));
      if (!isWell) process.exitCode = 1;
    });
}

function readOrigin(url: string | undefined): string | null {
  if (url === undefined) return null;
  const parsed = URL.parse(url);
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return parsed.origin;
  throw new CommandError("--url takes an address such as https://login.example.com");
}
