import { Command } from "commander";
import { read, resourceInput } from "../../admin/api/input.ts";
import * as resources from "../../admin/resources.ts";
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

interface SetOptions extends CommonOptions {
  readonly scope?: string;
}

/** The commands `resource ...`. */
export function resourceCommand(terminal: Terminal): Command {
  const resource = new Command("resource").description(
    "manage the APIs for which every client may request tokens",
  );
  common(resource.command("set"))
    .description("add an API for every client, or replace its scopes")
    .argument("<uri>", "the URI of the API")
    .option("--scope <names>", "its scopes; default: all but admin and introspection")
    .action(async (uri: string, options: SetOptions) => {
      const { scope } = options;
      const input = read(resourceInput, { uri, ...(scope === undefined ? {} : { scope }) });
      await withManagement(targetOf(options), (deps) => resources.setResource(input, deps));
      await report(input, options, terminal);
    });
  paged(resource.command("list"))
    .description("list the APIs for every client, without those of the setting RESOURCES")
    .action((options: ListOptions) => {
      const listed: Listed<resources.ResourceView> = {
        name: "resources",
        list: resources.listResources,
        head: ["RESOURCE", "SCOPE"],
        rowOf: ({ uri, scope }) => [uri, scope ?? "all scopes"],
      };
      return writeList(listed, options, terminal);
    });
  confirmed(resource.command("delete"))
    .description("remove an API: no further token is issued for it")
    .argument("<uri>", "the URI of the API")
    .action(async (uri: string, options: ConfirmOptions) => {
      await terminal.confirm(`Remove the API "${uri}"?`, options.yes);
      await withManagement(targetOf(options), (deps) => resources.deleteResource(uri, deps));
      await report({ uri, deleted: true }, options, terminal);
    });
  return resource;
}
