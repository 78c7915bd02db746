import { Command } from "commander";
import { presentedProfileFields } from "../../admin/profile-fields.ts";
import * as users from "../../admin/users.ts";
import { ManagementError } from "../../errors/management-error.ts";
import { usageError } from "../command-error.ts";
import { type Listed, writeList } from "../listing.ts";
import { withManagement } from "../management.ts";
import {
  type CommonOptions,
  type ConfirmOptions,
  common,
  confirmed,
  type ListOptions,
  paged,
  targetOf,
} from "../options.ts";
import { report } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { addFieldOptions, asJson, fieldsOf } from "./client-options.ts";
import { addAccess } from "./user-access.ts";
import { addFoldNames } from "./user-names.ts";
import { addSessions } from "./user-sessions.ts";

interface PasswordOptions extends CommonOptions {
  readonly passwordStdin: boolean;
}

interface CreateOptions extends PasswordOptions {
  readonly withoutPassword: boolean;
  readonly inactive: boolean;
  readonly claims?: string;
}

interface UpdateOptions extends CommonOptions {
  readonly username?: string;
  readonly claims?: string;
}

const PASSWORD_OPTION = ["--password-stdin", "read the password from standard input"] as const;

/** The commands `user ...`. */
export function userCommand(terminal: Terminal): Command {
  const user = new Command("user").description("manage the users who may log in");
  addCreate(user, terminal);
  addReads(user, terminal);
  addUpdate(user, terminal);
  addPassword(user, terminal);
  addSwitches(user, terminal);
  addSessions(user, terminal);
  addAccess(user, terminal);
  addDelete(user, terminal);
  addFoldNames(user, terminal);
  return user;
}

function addCreate(user: Command, terminal: Terminal): void {
  addFieldOptions(common(user.command("create")), presentedProfileFields())
    .description("create a user; prompts for the password")
    .argument("<username>", "the name to log in with")
    .option(...PASSWORD_OPTION, false)
    .option("--without-password", "create the user without a password; set one later", false)
    .option("--inactive", "create the user disabled; see user enable", false)
    .option("--claims <json>", "claims in every token of the user, as a JSON object")
    .action(async (username: string, options: CreateOptions) => {
      const { withoutPassword, passwordStdin, inactive, claims } = options;
      if (withoutPassword && passwordStdin) {
        throw usageError("--without-password cannot be combined with --password-stdin.");
      }
      if (terminal.isInteractive && !withoutPassword) await requireFree(username, options);
      const input = {
        username,
        is_active: !inactive,
        ...(claims === undefined ? {} : { claims: asJson(claims) }),
        profile: profileOf({ ...options }),
        ...(withoutPassword ? {} : { password: await readPassword(options, terminal) }),
      };
      const id = await withManagement(targetOf(options), (deps) => users.createUser(input, deps));
      await report({ id, username }, options, terminal);
    });
}

function addReads(user: Command, terminal: Terminal): void {
  paged(user.command("list"))
    .description("list users by name")
    .action((options: ListOptions) => {
      const listed: Listed<users.UserView> = {
        name: "users",
        list: users.listUsers,
        head: ["USER", "ID", "PASSWORD", "STATE"],
        rowOf: (one) => [
          one.username,
          one.id,
          one.has_password ? "yes" : "no",
          one.is_active ? "active" : "inactive",
        ],
      };
      return writeList(listed, options, terminal);
    });
  common(user.command("show"))
    .description("show a user, without the password hash")
    .argument("<username>", "the user")
    .action(async (username: string, options: CommonOptions) => {
      const shown = await withManagement(targetOf(options), (deps) => {
        return users.showUser({ username }, deps);
      });
      await report(shown, options, terminal);
    });
}

function addUpdate(user: Command, terminal: Terminal): void {
  addFieldOptions(common(user.command("update")), presentedProfileFields())
    .description(
      "change the name, the claims or the profile of a user; sessions continue; an empty value " +
        "removes a field",
    )
    .argument("<username>", "the current name of the user")
    .option("--username <name>", "new name to log in with")
    .option("--claims <json>", "claims in every token of the user, as a JSON object; empty: none")
    .action(async (username: string, options: UpdateOptions) => {
      const { username: newName, claims } = options;
      const profile = profileOf({ ...options });
      const hasProfile = Object.keys(profile).length > 0;
      if (newName === undefined && claims === undefined && !hasProfile) {
        throw usageError("No change given. Name at least one field; see --help.");
      }
      const changes = {
        ...(newName === undefined ? {} : { username: newName }),
        ...(claims === undefined ? {} : { claims: claims === "" ? undefined : asJson(claims) }),
        ...(hasProfile ? { profile } : {}),
      };
      await withManagement(targetOf(options), (deps) => {
        return users.updateUser({ username }, changes, deps);
      });
      await report({ username: newName ?? username }, options, terminal);
    });
}

/** The fields of the profile that options name; null: remove it. */
function profileOf(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fields = Object.entries(fieldsOf(options, presentedProfileFields()));
  return Object.fromEntries(fields.map(([name, value]) => [name, value ?? null]));
}

function addPassword(user: Command, terminal: Terminal): void {
  common(user.command("set-password"))
    .description("set the password of a user and end all sessions; prompts for the password")
    .argument("<username>", "the user")
    .option(...PASSWORD_OPTION, false)
    .action(async (username: string, options: PasswordOptions) => {
      if (terminal.isInteractive) await requireKnown(username, options);
      const password = await readPassword(options, terminal);
      await withManagement(targetOf(options), (deps) => {
        return users.setPassword({ username }, password, deps);
      });
      await report({ username, has_password: true }, options, terminal);
    });
  common(user.command("reset-password"))
    .description("generate a password for a user, show it once, and end all sessions")
    .argument("<username>", "the user")
    .action(async (username: string, options: CommonOptions) => {
      const password = await withManagement(targetOf(options), (deps) => {
        return users.resetPassword({ username }, deps);
      });
      await report({ username, password }, options, terminal);
      terminal.note("Save this password now; it will not be shown again.");
    });
}

function addSwitches(user: Command, terminal: Terminal): void {
  for (const [verb, isActive, does] of [
    ["disable", false, "disable a user and end all sessions"],
    ["enable", true, "enable a disabled user"],
  ] as const) {
    common(user.command(verb))
      .description(does)
      .argument("<username>", "the user")
      .action(async (username: string, options: CommonOptions) => {
        await withManagement(targetOf(options), (deps) => {
          return users.setUserActive({ username }, isActive, deps);
        });
        await report({ username, is_active: isActive }, options, terminal);
      });
  }
  common(user.command("unlock"))
    .description("clear the failed logins of a user, so that the user can log in immediately")
    .argument("<username>", "the user")
    .action(async (username: string, options: CommonOptions) => {
      await withManagement(targetOf(options), (deps) => users.unlockUser({ username }, deps));
      await report({ username, unlocked: true }, options, terminal);
    });
  common(user.command("revoke"))
    .description("end all sessions of a user; the user may log in again")
    .argument("<username>", "the user")
    .action(async (username: string, options: CommonOptions) => {
      await withManagement(targetOf(options), (deps) => users.endSessions({ username }, deps));
      await report({ username, sessions_ended: true }, options, terminal);
    });
}

function addDelete(user: Command, terminal: Terminal): void {
  confirmed(user.command("delete"))
    .description("delete a user and end all sessions")
    .argument("<username>", "the user")
    .action(async (username: string, options: ConfirmOptions) => {
      await terminal.confirm(`Permanently delete user "${username}"?`, options.yes);
      await withManagement(targetOf(options), (deps) => users.deleteUser({ username }, deps));
      await report({ username, deleted: true }, options, terminal);
    });
}

function readPassword({ passwordStdin }: PasswordOptions, terminal: Terminal): Promise<string> {
  const option = { name: "--password-stdin", isSet: passwordStdin, isTypedTwice: true };
  return terminal.readSecret("Password", option);
}

/** Checks before prompting for a password. @throws ManagementError `already_exists` */
async function requireFree(username: string, options: CommonOptions): Promise<void> {
  await withManagement(targetOf(options), async ({ registry }) => {
    if (!(await registry.findUsers([username])).has(username)) return;
    throw new ManagementError("already_exists", { kind: "user", name: username });
  });
}

/** Checks before prompting for a password. @throws ManagementError `not_found` */
async function requireKnown(username: string, options: CommonOptions): Promise<void> {
  await withManagement(targetOf(options), (deps) => users.showUser({ username }, deps));
}
