import { Command } from "commander";
import { endAllSessions } from "../../storage/maintenance.ts";
import { withDatabase } from "../bindings.ts";
import { type CommonOptions, common, targetOf } from "../options.ts";

/** The command `session end`. To end the sessions of one user, use `user revoke`. */
export function sessionCommand(): Command {
  const session = new Command("session").description("manage sessions of users and clients");
  common(session.command("end"))
    .description("end all sessions, for example after restoring the database")
    .requiredOption(
      "--all",
      "required, because it ends the sessions of all users and cannot be undone",
    )
    .action(async (options: CommonOptions) => {
      const ended = await withDatabase(targetOf(options), endAllSessions);
      const words = `Ended all sessions of ${ended.users} users and ${ended.clients} clients.`;
      console.log(options.json ? JSON.stringify(ended) : words);
    });
  return session;
}
