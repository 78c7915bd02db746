import { Command, InvalidArgumentError } from "commander";
import { parseImportConfig } from "../../config/index.ts";
import type { DjangoModels } from "../../django-import/dump-record.ts";
import { type Gate, type GateSense, gateOf } from "../../django-import/gates.ts";
import { importDump } from "../../django-import/import-dump.ts";
import type { ImportReport } from "../../django-import/report.ts";
import { ManagementError } from "../../errors/management-error.ts";
import { Unavailable } from "../../errors/refusal.ts";
import { createImportStore } from "../../storage/import-store.ts";
import { usageError } from "../command-error.ts";
import { type DumpFile, openDump } from "../dump-file.ts";
import { describeImport, toJson } from "../import-report.ts";
import { withManagement } from "../management.ts";
import { type CommonOptions, common, targetOf } from "../options.ts";
import { json } from "../output.ts";
import { settingsOf } from "../project.ts";
import type { Terminal } from "../terminal.ts";

/** What somebody has to know whose import did not come to its end. */
const BROKEN_OFF = "Broken off. What is written is whole: run the same again, which adds the rest.";

interface ImportCommandOptions extends CommonOptions {
  readonly userModel: string;
  readonly usernameField: string;
  readonly activeField: readonly string[];
  readonly blockedField: readonly string[];
  readonly applicationModel: string;
  readonly accessTokenModel: string;
  readonly refreshTokenModel: string;
  readonly introspection: readonly string[];
  readonly withoutTokens: boolean;
  readonly restoreDeleted: boolean;
  readonly dryRun: boolean;
}

/** The command `import django`, for `program.ts` to add. */
export function importCommand(terminal: Terminal): Command {
  const command = new Command("import").description("bring over what another server has");
  common(command.command("django"))
    .description(
      "bring users, clients and live tokens of a django-oauth-toolkit site over; " +
        "running it twice adds nothing",
    )
    .argument("<file>", "what manage.py dumpdata wrote, as JSON or JSON Lines, also as .gz")
    .option("--user-model <name>", "AUTH_USER_MODEL", readModel, "auth.User")
    .option("--username-field <name>", "USERNAME_FIELD of that model", "username")
    .option(
      "--active-field <name>",
      "a field of users that must be set for a login, beside is_active; NAME=VALUE for one value " +
        "that lets in; none if no field keeps users out",
      collect,
      [],
    )
    .option(
      "--blocked-field <name>",
      "a field of users that keeps them out when it is set, such as a time that has passed",
      collect,
      [],
    )
    .option(
      "--application-model <name>",
      "OAUTH2_PROVIDER_APPLICATION_MODEL",
      readModel,
      "oauth2_provider.Application",
    )
    .option(
      "--access-token-model <name>",
      "OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL",
      readModel,
      "oauth2_provider.AccessToken",
    )
    .option(
      "--refresh-token-model <name>",
      "OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL",
      readModel,
      "oauth2_provider.RefreshToken",
    )
    .option(
      "--introspection <client-ids>",
      "confidential clients that may introspect the tokens of others, with spaces between",
      (text) => text.split(/\s+/).filter((id) => id !== ""),
      [] as string[],
    )
    .option("--without-tokens", "leave tokens: everybody logs in again", false)
    .option("--restore-deleted", "bring accounts back that were deleted here", false)
    .option("--dry-run", "report what would be written, and write nothing", false)
    .action((path: string, options: ImportCommandOptions) => runImport(path, options, terminal));
  return command;
}

async function runImport(
  path: string,
  options: ImportCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { dryRun } = options;
  const file = openDump(path);
  try {
    const report = await importFile(file, options, terminal);
    await terminal.write(
      options.json ? json(toJson(report, dryRun)) : describeImport(report, dryRun),
    );
  } catch (error) {
    if (error instanceof Unavailable) terminal.note(BROKEN_OFF);
    if (!(error instanceof ManagementError) || error.reason !== "invalid") throw error;
    throw usageError(error.problems.map((problem) => `${path}: ${problem}`).join("\n"));
  }
}

async function importFile(
  file: DumpFile,
  options: ImportCommandOptions,
  terminal: Terminal,
): Promise<ImportReport> {
  const target = targetOf(options);
  const config = parseImportConfig(await settingsOf(target));
  const bar = terminal.showProgress("Reading the dump twice: to decide, then to write");
  let chunks = 0;
  const onChunk = () => {
    chunks += 1;
    bar.advance(chunks, 2 * file.chunks);
  };
  try {
    return await withManagement(target, (deps, db) => {
      const store = createImportStore(db, options.dryRun);
      return importDump(
        () => file.read(onChunk),
        { ...deps, store },
        {
          models: modelsOf(options),
          withTokens: !options.withoutTokens,
          restoresDeleted: options.restoreDeleted,
          areTokensGood: config.importedTokens === "on",
          accessTokenSeconds: config.lifetimes.accessTokenSeconds,
          refreshIdleSeconds: config.lifetimes.refreshIdleSeconds,
          scopes: config.scopes,
          introspectors: options.introspection,
          nowMs: Date.now(),
        },
      );
    });
  } finally {
    bar.end();
  }
}

function modelsOf(options: ImportCommandOptions): DjangoModels {
  return {
    user: options.userModel.toLowerCase(),
    usernameField: options.usernameField,
    userGates: gatesOf(options),
    application: options.applicationModel.toLowerCase(),
    accessToken: options.accessTokenModel.toLowerCase(),
    refreshToken: options.refreshTokenModel.toLowerCase(),
  };
}

/** @throws CommandError when the options contradict themselves, or the name of a field */
function gatesOf({ activeField, blockedField }: ImportCommandOptions): readonly Gate[] | null {
  const gates = [
    ...activeField.map((text) => readGate(text, "active")),
    ...blockedField.map((text) => readGate(text, "blocked")),
  ];
  if (!activeField.includes("none")) return gates;
  if (gates.length === 1) return null;
  throw usageError("--active-field none: leave the other fields out");
}

/** A field named like its opposite would let in those whom it keeps out. */
function readGate(text: string, sense: GateSense): Gate {
  const [field = "", ...rest] = text.split("=");
  const value = rest.length === 0 ? {} : { value: rest.join("=") };
  const named = gateOf(field)?.sense ?? sense;
  if (named === sense || rest.length > 0) return { field, sense, ...value };
  throw usageError(`--${sense}-field ${field}: by its name it is --${named}-field ${field}`);
}

function collect(text: string, before: readonly string[]): readonly string[] {
  if (/^\w+(?:=.*)?$/.test(text)) return [...before, text];
  throw new InvalidArgumentError("It must be a field, such as active.");
}

function readModel(text: string): string {
  if (/^\w+\.\w+$/.test(text)) return text;
  throw new InvalidArgumentError("It must be an app and a model, such as auth.User.");
}
