import { Command } from "commander";
import {
  type ClientSecret,
  dropPreviousSecret,
  rotateClientSecret,
} from "../../admin/client-secrets.ts";
import * as clients from "../../admin/clients.ts";
import type { AdminDeps } from "../../admin/deps.ts";
import { instantOf } from "../../admin/registry-rows.ts";
import { usageError } from "../command-error.ts";
import { parseInstant } from "../instant.ts";
import { type Listed, writeList } from "../listing.ts";
import { warnOfScopes, withManagement } from "../management.ts";
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
import { addLogouts } from "./client-logouts.ts";
import { addFieldOptions, fieldsOf } from "./client-options.ts";

interface SecretOptions extends CommonOptions {
  readonly secretStdin: boolean;
}

interface RotateOptions extends SecretOptions {
  readonly oldEnds?: string;
  readonly dropOld: boolean;
}

const SECRET_OPTION = [
  "--secret-stdin",
  "read the secret from standard input or a prompt instead of generating one",
] as const;

/** The commands `client ...`. */
export function clientCommand(terminal: Terminal): Command {
  const client = new Command("client").description("manage the clients that may request tokens");
  addCreateAndUpdate(client, terminal);
  addReads(client, terminal);
  addSwitches(client, terminal);
  addLogouts(client, terminal);
  common(client.command("rotate-secret"))
    .description("give a client a new secret; the old one stays valid for a while")
    .argument("<id>", "the client_id")
    .option(...SECRET_OPTION, false)
    .option(
      "--old-ends <when>",
      "when the old secret expires: now, 7d, 12h, 30m or an ISO date; default: the next rotation",
    )
    .option(
      "--drop-old",
      "create no secret; end the previous secret of the last rotation now",
      false,
    )
    .action((id: string, options: RotateOptions) => rotate(id, options, terminal));
  return client;
}

function addCreateAndUpdate(client: Command, terminal: Terminal): void {
  addFieldOptions(common(client.command("create")))
    .description("create a client; its secret is shown once")
    .argument("<id>", "the client_id")
    .option(...SECRET_OPTION, false)
    .action(async (id: string, options: SecretOptions) => {
      const fields = fieldsOf({ ...options });
      const secret = await ownSecret(options, terminal);
      const input = {
        client_id: id,
        ...fields,
        ...(secret === null ? {} : { client_secret: secret }),
      };
      const made = await withManagement(targetOf(options), (deps) => {
        return warned(id, fields, deps, terminal, clients.createClient(input, deps));
      });
      await showSecret(made, options, terminal);
    });
  addFieldOptions(common(client.command("update")))
    .description("change fields of a client; an empty value resets a field to its default")
    .argument("<id>", "the client_id")
    .action(async (id: string, options: CommonOptions) => {
      const changes = fieldsOf({ ...options });
      if (Object.keys(changes).length === 0)
        throw usageError("No change given. Name at least one field; see --help.");
      const made = await withManagement(targetOf(options), (deps) => {
        return warned(id, changes, deps, terminal, clients.updateClient(id, changes, deps));
      });
      await showSecret(made, options, terminal);
    });
}

function addReads(client: Command, terminal: Terminal): void {
  paged(client.command("list"))
    .description("list clients by id")
    .action((options: ListOptions) => {
      const listed: Listed<clients.ClientView> = {
        name: "clients",
        list: clients.listClients,
        head: ["CLIENT", "NAME", "AUTH METHOD", "GRANT TYPES", "SCOPE", "STATE"],
        rowOf: (one) => [
          one.client_id,
          one.client_name,
          one.token_endpoint_auth_method,
          one.grant_types.join(" "),
          one.scope ?? "all scopes",
          one.disabled ? "disabled" : "enabled",
        ],
      };
      return writeList(listed, options, terminal);
    });
  common(client.command("show"))
    .description("show a client, without its secrets")
    .argument("<id>", "the client_id")
    .action(async (id: string, options: CommonOptions) => {
      const shown = await withManagement(targetOf(options), (deps) => {
        return clients.showClient(id, deps);
      });
      await report(shown, options, terminal);
    });
}

function addSwitches(client: Command, terminal: Terminal): void {
  for (const [verb, isDisabled, does] of [
    ["disable", true, "disable a client and end all of its sessions"],
    ["enable", false, "enable a disabled client"],
  ] as const) {
    common(client.command(verb))
      .description(does)
      .argument("<id>", "the client_id")
      .action(async (id: string, options: CommonOptions) => {
        await withManagement(targetOf(options), (deps) => {
          return clients.setClientDisabled(id, isDisabled, deps);
        });
        await report({ client_id: id, disabled: isDisabled }, options, terminal);
      });
  }
  common(client.command("revoke"))
    .description("revoke all sessions and tokens of a client; it may request new ones")
    .argument("<id>", "the client_id")
    .action(async (id: string, options: CommonOptions) => {
      await withManagement(targetOf(options), (deps) => clients.endClientSessions(id, deps));
      await report({ client_id: id, sessions_ended: true }, options, terminal);
    });
  confirmed(client.command("delete"))
    .description("delete a client and end all of its sessions")
    .argument("<id>", "the client_id")
    .action(async (id: string, options: ConfirmOptions) => {
      await terminal.confirm(`Permanently delete client "${id}"?`, options.yes);
      await withManagement(targetOf(options), (deps) => clients.deleteClient(id, deps));
      await report({ client_id: id, deleted: true }, options, terminal);
    });
}

async function rotate(id: string, options: RotateOptions, terminal: Terminal): Promise<void> {
  const { oldEnds, dropOld, secretStdin } = options;
  if (dropOld) {
    if (oldEnds !== undefined || secretStdin) {
      throw usageError("--drop-old cannot be combined with --old-ends or --secret-stdin.");
    }
    await withManagement(targetOf(options), (deps) => dropPreviousSecret(id, deps));
    return report({ client_id: id, has_previous_secret: false }, options, terminal);
  }
  const nowMs = Date.now();
  const oldEndsAtMs = oldEnds === undefined ? null : parseInstant("--old-ends", oldEnds, nowMs);
  const endsOld = oldEndsAtMs !== null && oldEndsAtMs <= nowMs;
  const secret = await ownSecret(options, terminal);
  const made = await withManagement(targetOf(options), (deps) => {
    return rotateClientSecret(id, { secret, oldEndsAtMs, endsOld }, deps);
  });
  await showSecret(made, options, terminal);
  if (endsOld) return terminal.note("The old secret is no longer valid.");
  const until =
    oldEndsAtMs === null
      ? "the next rotation or client rotate-secret --drop-old"
      : instantOf(oldEndsAtMs);
  terminal.note(`The old secret is valid until ${until}.`);
}

async function ownSecret(
  { secretStdin }: SecretOptions,
  terminal: Terminal,
): Promise<string | null> {
  if (!secretStdin) return null;
  return terminal.readSecret("Client secret", { name: "--secret-stdin", isSet: true });
}

async function showSecret(
  { clientId, secret }: ClientSecret,
  options: CommonOptions,
  terminal: Terminal,
): Promise<void> {
  const shown = secret === null ? {} : { client_secret: secret };
  await report({ client_id: clientId, ...shown }, options, terminal);
  if (secret !== null) terminal.note("Save this secret now; it will not be shown again.");
}

/** Warns about unknown scopes after the client is written. */
async function warned<Result>(
  id: string,
  fields: Record<string, unknown>,
  deps: AdminDeps,
  terminal: Terminal,
  work: Promise<Result>,
): Promise<Result> {
  const result = await work;
  warnOfScopes(id, fields, deps, terminal);
  return result;
}
