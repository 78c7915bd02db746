import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { parseEnv } from "node:util";
import { CommandError, messageOf } from "./command-error.ts";

/**
 * Changes one secret in a file of local secrets. All other lines and comments stay; the file is
 * replaced in one step and readable by its owner alone.
 *
 * @param change gets the value that is there, or undefined
 * @throws CommandError when another command changes it, or it cannot be written as asked
 */
export async function changeLocalSecret<Result extends { readonly value: string }>(
  path: string,
  name: string,
  change: (value: string | undefined) => Promise<Result>,
): Promise<Result> {
  const target = existsSync(path) ? realpathSync(path) : path;
  const draft = `${target}.new`;
  const file = openDraft(draft);
  try {
    const before = existsSync(target) ? readFileSync(target, "utf8") : "";
    const result = await change(parseEnv(before)[name]);
    const after = withSecret(before, name, result.value);
    if (!isOnlyChange(before, after, name, result.value)) {
      throw new CommandError(`${path}: ${name} stands there in a way that cannot be rewritten.`);
    }
    writeFileSync(file, after);
    fsyncSync(file);
    chmodSync(draft, 0o600);
    renameSync(draft, target);
    return result;
  } finally {
    closeSync(file);
    rmSync(draft, { force: true });
  }
}

/** One secret of such a file. @returns undefined when there is none */
export function readLocalSecret(path: string, name: string): string | undefined {
  return existsSync(path) ? parseEnv(readFileSync(path, "utf8"))[name] : undefined;
}

/** The draft is the lock too: of two commands one cannot make it. */
function openDraft(draft: string): number {
  try {
    return openSync(draft, "wx", 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") throw new CommandError(`${draft}: ${messageOf(error)}`);
    throw new CommandError(
      `${draft}: another command is changing the secrets. If none is, remove this file.`,
    );
  }
}

function withSecret(text: string, name: string, value: string): string {
  const line = `${name}='${value}'`;
  const place = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=.*$`, "gm");
  const places = text.match(place)?.length ?? 0;
  // Of several the last one counts; with one place left nobody has to know.
  let seen = 0;
  if (places > 0) {
    return text.replace(place, () => {
      seen += 1;
      return seen === places ? line : `# ${name} stood here too`;
    });
  }
  const separator = text === "" || text.endsWith("\n") ? "" : "\n";
  return `${text}${separator}${line}\n`;
}

/** A value over several lines, for one, would be torn: then nothing is written. */
function isOnlyChange(before: string, after: string, name: string, value: string): boolean {
  const wanted = { ...parseEnv(before), [name]: value };
  const found = parseEnv(after);
  const names = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return [...names].every((one) => wanted[one] === found[one]);
}
