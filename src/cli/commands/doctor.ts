import { Command } from "commander";
import { usageError } from "../command-error.ts";
import { describeChecks, isHealthy } from "../doctor/check.ts";
import { examine } from "../doctor/examine.ts";
import { type CommonOptions, common, targetOf } from "../options.ts";

interface DoctorOptions extends CommonOptions {
  readonly url?: string;
}

/** The command `doctor`. */
export function doctorCommand(): Command {
  return common(new Command("doctor"))
    .description(
      "check machine, settings, keys and database; says how to fix problems and changes nothing",
    )
    .option("--url <origin>", "address of the service; default: ISSUER, if set")
    .action(async ({ url, ...options }: DoctorOptions) => {
      const address = readOrigin(url);
      const checks = await examine({ ...targetOf(options), address, patienceMs: 0 });
      const healthy = isHealthy(checks);
      const words = describeChecks(checks, process.stdout.columns);
      console.log(options.json ? JSON.stringify({ healthy: healthy, checks }) : words);
      if (!healthy) process.exitCode = 1;
    });
}

function readOrigin(url: string | undefined): string | null {
  if (url === undefined) return null;
  const parsed = URL.parse(url);
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return parsed.origin;
  throw usageError("--url must be an address such as https://login.example.com");
}
