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
 * Changes one secret in a file of local secrets. Keeps all other lines and comments. Replaces the
 * file in one step, readable only by its owner.
 *
 * @param change receives the current value, or undefined
 * @throws CommandError when another command is changing the file, or it cannot be written
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
      throw new CommandError(`${path}: cannot rewrite ${name}. Put its value on one line.`);
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

/** Reads one secret of a file of local secrets. @returns undefined when it is not set */
export function readLocalSecret(path: string, name: string): string | undefined {
  return existsSync(path) ? parseEnv(readFileSync(path, "utf8"))[name] : undefined;
}

/** The draft is also the lock: only one of two commands can create it. */
function openDraft(draft: string): number {
  try {
    return openSync(draft, "wx", 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") throw new CommandError(`${draft}: ${messageOf(error)}`);
    throw new CommandError(
      `${draft}: another command is changing the secrets. If none is running, delete this file.`,
    );
  }
}

function withSecret(text: string, name: string, value: string): string {
  const line = `${name}='${value}'`;
  const place = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=.*$`, "gm");
  const places = text.match(place)?.length ?? 0;
  // The last assignment of a name wins, so comment out the earlier ones.
  let seen = 0;
  if (places > 0) {
    return text.replace(place, () => {
      seen += 1;
      return seen === places ? line : `# ${name}: duplicate removed`;
    });
  }
  const separator = text === "" || text.endsWith("\n") ? "" : "\n";
  return `${text}${separator}${line}\n`;
}

/** Whether the edit changed nothing else. A value of several lines, for example, would break. */
function isOnlyChange(before: string, after: string, name: string, value: string): boolean {
  const wanted = { ...parseEnv(before), [name]: value };
  const found = parseEnv(after);
  const names = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return [...names].every((one) => wanted[one] === found[one]);
}
