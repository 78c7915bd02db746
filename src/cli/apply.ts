import { readFileSync } from "node:fs";
import { parsePasswordConfig } from "../config.ts";
import { createPasswordKinds } from "../crypto/passwords.ts";
import { secureRandom } from "../crypto/random.ts";
import { type Applied, apply } from "../management/apply.ts";
import { parseRegistryFile, RegistryFileError } from "../management/registry-file.ts";
import { createRegistry } from "../storage/registry.ts";
import { type Target, withDatabase } from "./bindings.ts";
import { CommandError, messageOf } from "./command-error.ts";
import { settingsOf } from "./project.ts";

/** Longest file that is read, in bytes. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

/** What the commoner failures to read are called. */
const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: "there is none of this name",
  EISDIR: "is a folder",
  EACCES: "may not be read",
};

/**
 * `apply FILE`: makes or updates the clients and users that a JSON file names.
 *
 * @throws CommandError with the place and the reason; nothing has changed then
 */
export async function applyFile(path: string, target: Target): Promise<readonly Applied[]> {
  try {
    const file = parseRegistryFile(readText(path));
    const kinds = await createPasswordKinds({
      ...parsePasswordConfig({ ...(await settingsOf(target)), ...process.env }),
      random: secureRandom,
    });
    return await withDatabase(target, (db) => {
      const newUserId = () => crypto.randomUUID();
      return apply(file, { registry: createRegistry(db), ...kinds, newUserId });
    });
  } catch (error) {
    if (!(error instanceof RegistryFileError)) throw error;
    throw new CommandError(error.problems.map((problem) => `${path}: ${problem}`).join("\n"));
  }
}

/** One line for each entry of the file, and a last one that counts. */
export function describeApplied(applied: readonly Applied[]): string {
  const lines = applied.map(({ kind, name, change }) => `${change.padEnd(9)}  ${kind}  ${name}`);
  const count = (change: Applied["change"]) =>
    applied.filter((one) => one.change === change).length;
  const [created, updated, unchanged] = [count("created"), count("updated"), count("unchanged")];
  return [...lines, `${created} created, ${updated} updated, ${unchanged} unchanged`].join("\n");
}

function readText(path: string): string {
  const bytes = readBytes(path);
  if (bytes.length > FILE_BYTES_MAX) throw new CommandError(`${path}: file: longer than 16 MiB`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new CommandError(`${path}: file: not UTF-8`);
  }
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new CommandError(`${path}: file: ${READ_FAILURES[code] ?? messageOf(error)}`);
  }
}
