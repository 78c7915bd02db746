import { Command } from "commander";
import { endAllSessions } from "../../storage/upkeep.ts";
import { withDatabase } from "../bindings.ts";
import { DEFAULT_STATE_DIR } from "../project.ts";

interface EndOptions {
  readonly persistTo: string;
  readonly remote: boolean;
  readonly env?: string;
  readonly json: boolean;
}

/** The command `session end`, for `program.ts` to add. One user's sessions end by `user revoke`. */
export function sessionCommand(): Command {
  const session = new Command("session").description("logins of users, and tokens of clients");
  session
    .command("end")
    .description("end every session there is, as after a restore of the database")
    .requiredOption("--all", "everybody's; asked for, since nobody can undo it")
    .option("--persist-to <dir>", "folder of the local state", DEFAULT_STATE_DIR)
    .option("--remote", "the deployed service instead of local state", false)
    .option("--env <name>", "environment of wrangler.toml, such as staging")
    .option("--json", "JSON for programs", false)
    .action(async ({ persistTo, remote, env, json }: EndOptions) => {
      const target = { stateDir: persistTo, remote, ...(env === undefined ? {} : { env }) };
      const ended = await withDatabase(target, endAllSessions);
      const words = `Ended every session of ${ended.users} users and ${ended.clients} clients.`;
      console.log(json ? JSON.stringify(ended) : words);
    });
  return session;
}
