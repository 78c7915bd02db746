import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { AdminDeps } from "../../admin/deps.ts";
import type { FieldChange } from "../../admin/field-changes.ts";
import { type Applied, type ApplyOptions, apply, findUnnamed } from "../../declarative/apply.ts";
import { parseRegistryFile, type RegistryFile } from "../../declarative/registry-file.ts";
import { ManagementError } from "../../errors/management-error.ts";
import type { Target } from "../bindings.ts";
import { messageOf, usageError } from "../command-error.ts";
import { createState } from "../local-migrations.ts";
import { warnOfScopes, withManagement } from "../management.ts";
import { type ConfirmOptions, confirmed, targetOf } from "../options.ts";
import { json, plain } from "../output.ts";
import type { Terminal } from "../terminal.ts";

/** Maximum size of a file, in bytes. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

/** Messages of common read errors. */
const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: "not found",
  EISDIR: "is a directory",
  EACCES: "permission denied",
};

interface ApplyCommandOptions extends ConfirmOptions {
  readonly dryRun: boolean;
  readonly prune: boolean;
}

/** Adds the command `apply`. */
export function addApply(program: Command, terminal: Terminal): void {
  confirmed(program.command("apply"))
    .description(
      "create or update the clients and users of a JSON file, or of standard input with -; " +
        "applying the same file again changes nothing",
    )
    .argument("<file>", "the file, or - for standard input; see docs/cli.md for its fields")
    .option("--dry-run", "show the changes without making them", false)
    .option(
      "--prune",
      "delete clients or users that are not in the file, for each list that the file contains",
      false,
    )
    .action((path: string, options: ApplyCommandOptions) => runApply(path, options, terminal));
}

/**
 * Creates or updates the clients and users of a JSON file.
 *
 * @throws CommandError with each invalid field and the reason; nothing has changed then
 */
export async function applyFile(
  path: string,
  target: Target,
  options: ApplyOptions = {},
): Promise<readonly Applied[]> {
  return withFile(path, readBytes(path), target, (file, deps) => apply(file, deps, options));
}

/** One line for each entry of the file, then the counts. */
export function describeApplied(applied: readonly Applied[]): string {
  const lines = applied.map(
    ({ kind, name, change }) => `${change.padEnd(9)}  ${kind}  ${plain(name)}`,
  );
  return [...lines, describeCounts(applied)].join("\n");
}

/** One line for each changed field, then the counts. */
function describeDifferences(applied: readonly Applied[]): string {
  const lines = applied
    .filter(({ change }) => change !== "unchanged")
    .flatMap(({ kind, name, change, fields }) => {
      const head = `${VERBS[change].padEnd(6)}  ${kind}  ${plain(name)}`;
      return fields.length === 0
        ? [head]
        : fields.map((field) => `${head}  ${describeField(field)}`);
    });
  return [...lines, `dry run: ${describeCounts(applied)}`].join("\n");
}

const VERBS: Readonly<Record<Applied["change"], string>> = {
  created: "create",
  updated: "update",
  deleted: "delete",
  unchanged: "keep",
};

function describeField(change: FieldChange): string {
  if ("isSecret" in change) return `${change.field}: changed`;
  const [from, to] = [change.from, change.to].map((value) => {
    return value === undefined ? "default" : plain(JSON.stringify(value));
  });
  return `${change.field}: ${from} -> ${to}`;
}

function describeCounts(applied: readonly Applied[]): string {
  const count = (change: Applied["change"]) =>
    applied.filter((one) => one.change === change).length;
  const counts = (["created", "updated", "unchanged"] as const).map((change) => {
    return `${count(change)} ${change}`;
  });
  const deleted = count("deleted");
  return [...counts, ...(deleted === 0 ? [] : [`${deleted} deleted`])].join(", ");
}

async function runApply(
  path: string,
  options: ApplyCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { dryRun, prune, yes } = options;
  const bytes = path === "-" ? await terminal.readInput(FILE_BYTES_MAX) : readBytes(path);
  if (!options.remote && !dryRun) await createState(resolve(options.persistTo));
  const bar = terminal.showProgress("Checking and writing clients and users");
  let written = 0;
  const applied = await withFile(path, bytes, targetOf(options), async (file, deps) => {
    if (prune && !dryRun) await confirmPruning(file, deps, yes, terminal);
    try {
      const onProgress = bar.advance;
      const onWritten = (changes: number) => {
        written = changes;
      };
      for (const one of file.clients) warnOfScopes(one.client_id, one, deps, terminal);
      return await apply(file, deps, { dryRun, prune, onProgress, onWritten });
    } catch (error) {
      if (written > 0) {
        terminal.note(
          `Stopped after ${written} changes, which were saved. Run apply again to make the rest.`,
        );
      }
      throw error;
    } finally {
      bar.end();
    }
  });
  if (options.json) return terminal.write(json({ dry_run: dryRun, changes: applied.map(toJson) }));
  await terminal.write(`${dryRun ? describeDifferences(applied) : describeApplied(applied)}\n`);
}

function toJson({ kind, name, change, fields }: Applied): object {
  const changes = fields.map((one) => ("isSecret" in one ? { field: one.field } : one));
  return { kind, name, change, fields: changes };
}

async function confirmPruning(
  file: RegistryFile,
  deps: AdminDeps,
  isAgreed: boolean,
  terminal: Terminal,
): Promise<void> {
  const unnamed = terminal.isInteractive ? await findUnnamed(file, deps.registry) : [];
  for (const { kind, name } of unnamed) terminal.note(`delete  ${kind}  ${plain(name)}`);
  const count = terminal.isInteractive ? `these ${unnamed.length}` : "everything not in the file";
  await terminal.confirm(`Permanently delete ${count}?`, isAgreed);
}

async function withFile<Result>(
  path: string,
  bytes: Buffer,
  target: Target,
  use: (file: RegistryFile, deps: AdminDeps) => Promise<Result>,
): Promise<Result> {
  try {
    const file = parseRegistryFile(readText(path, bytes), process.env);
    return await withManagement(target, (deps) => use(file, deps));
  } catch (error) {
    if (!(error instanceof ManagementError) || error.reason !== "invalid") throw error;
    throw usageError(error.problems.map((problem) => `${path}: ${problem}`).join("\n"));
  }
}

function readText(path: string, bytes: Buffer): string {
  if (bytes.length > FILE_BYTES_MAX) throw usageError(`${path}: file: longer than 16 MiB`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw usageError(`${path}: file: not UTF-8`);
  }
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw usageError(`${path}: file: ${READ_FAILURES[code] ?? messageOf(error)}`);
  }
}
