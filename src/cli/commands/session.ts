import { Command } from "commander";
import { endAllSessions } from "../../storage/maintenance.ts";
import { withDatabase } from "../bindings.ts";
import { type CommonOptions, common, targetOf } from "../options.ts";

/** The command `session end`, for `program.ts` to add. One user's sessions end by `user revoke`. */
export function sessionCommand(): Command {
  const session = new Command("session").description("logins of users, and tokens of clients");
  common(session.command("end"))
    .description("end every session there is, as after a restore of the database")
    .requiredOption(
      "--all",
      "required, since it ends the sessions of everyone and cannot be undone",
    )
    .action(async (options: CommonOptions) => {
      const ended = await withDatabase(targetOf(options), endAllSessions);
      const words = `Ended every session of ${ended.users} users and ${ended.clients} clients.`;
      console.log(options.json ? JSON.stringify(ended) : words);
    });
  return session;
}
