import { Command, InvalidArgumentError, Option } from "commander";
import { parseImportConfig } from "../../config/index.ts";
import type { DjangoModels } from "../../django-import/dump-record.ts";
import { type Gate, type GateSense, gateOf } from "../../django-import/gates.ts";
import { importDump } from "../../django-import/import-dump.ts";
import type { EmailVerified } from "../../django-import/profiles.ts";
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

/** Printed when storage fails during an import. */
const INTERRUPTED =
  "Import interrupted. Completed batches were saved; run the same command again to continue.";

interface ImportCommandOptions extends CommonOptions {
  readonly userModel: string;
  readonly usernameField: string;
  readonly activeField: readonly string[];
  readonly blockedField: readonly string[];
  readonly applicationModel: string;
  readonly accessTokenModel: string;
  readonly refreshTokenModel: string;
  readonly introspection: readonly string[];
  readonly emailVerified?: true | string;
  readonly pkce?: "required" | "optional";
  readonly withoutTokens: boolean;
  readonly restoreDeleted: boolean;
  readonly dryRun: boolean;
}

/** The command `import django`. */
export function importCommand(terminal: Terminal): Command {
  const command = new Command("import").description("import from another server");
  common(command.command("django"))
    .description(
      "import users, clients and live tokens of a django-oauth-toolkit site; " +
        "importing the same file again adds nothing",
    )
    .argument(
      "<file>",
      "output of manage.py dumpdata: JSON or JSON Lines, optionally compressed with gzip",
    )
    .option("--user-model <name>", "AUTH_USER_MODEL", readModel, "auth.User")
    .option("--username-field <name>", "USERNAME_FIELD of that model", "username")
    .option(
      "--active-field <name>",
      "a user field, in addition to is_active, that must be set for a login; NAME=VALUE if only " +
        "one value allows it; none if no field blocks users",
      collect,
      [],
    )
    .option(
      "--blocked-field <name>",
      "a user field that blocks logins when it is set, for example to a time in the past",
      collect,
      [],
    )
    .option(
      "--email-verified [field]",
      "the old server has verified all e-mail addresses, or those of users with this field; " +
        "default: none",
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
      "space-separated ids of confidential clients that may introspect tokens of other clients",
      (text) => text.split(/\s+/).filter((id) => id !== ""),
      [] as string[],
    )
    .addOption(
      new Option(
        "--pkce <policy>",
        "whether the old server required PKCE (PKCE_REQUIRED) of confidential clients; default: " +
          "optional, with a warning",
      ).choices(["required", "optional"]),
    )
    .option("--without-tokens", "import no tokens: all users must log in again", false)
    .option("--restore-deleted", "also import accounts that were deleted here", false)
    .option("--dry-run", "report what would be written without writing it", false)
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
    if (error instanceof Unavailable) terminal.note(INTERRUPTED);
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
  const bar = terminal.showProgress("Reading the dump twice: to check, then to write");
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
          pkce: options.pkce ?? null,
          emailVerified: emailVerifiedOf(options),
          acceptsTokens: config.importedTokens === "on",
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

function emailVerifiedOf({ emailVerified }: ImportCommandOptions): EmailVerified {
  return typeof emailVerified === "string" ? { field: emailVerified } : emailVerified === true;
}

/** @throws CommandError when the options contradict each other or the name of a field */
function gatesOf({ activeField, blockedField }: ImportCommandOptions): readonly Gate[] | null {
  const gates = [
    ...activeField.map((text) => readGate(text, "active")),
    ...blockedField.map((text) => readGate(text, "blocked")),
  ];
  if (!activeField.includes("none")) return gates;
  if (gates.length === 1) return null;
  throw usageError("--active-field none cannot be combined with other fields");
}

/** Rejects a field whose name says the opposite: it would admit the users that it blocks. */
function readGate(text: string, sense: GateSense): Gate {
  const [field = "", ...rest] = text.split("=");
  const value = rest.length === 0 ? {} : { value: rest.join("=") };
  const named = gateOf(field)?.sense ?? sense;
  if (named === sense || rest.length > 0) return { field, sense, ...value };
  throw usageError(`--${sense}-field ${field}: the name suggests --${named}-field ${field}`);
}

function collect(text: string, before: readonly string[]): readonly string[] {
  if (/^\w+(?:=.*)?$/.test(text)) return [...before, text];
  throw new InvalidArgumentError("It must be the name of a field, such as active.");
}

function readModel(text: string): string {
  if (/^\w+\.\w+$/.test(text)) return text;
  throw new InvalidArgumentError("It must be APP.MODEL, such as auth.User.");
}
