import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyFile, describeApplied } from "../../src/cli/commands/apply.ts";
import { cli, type Ended } from "./processes.ts";
import { temporaryDir } from "./server.ts";
import "./shared-proxies.ts";

/** Clients and users as a file names them. */
export interface Entries {
  clients?: object[];
  users?: object[];
}

/** Applies a file of some content to local state, by the operator's own command. */
export function applyByCommand(stateDir: string, content: Entries | string): Promise<Ended> {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  return withFile(text, (file) => cli("apply", file, "--persist-to", stateDir));
}

/**
 * Does what the command does, in this process: quicker, for tests whose subject it is not.
 *
 * @returns what the command would print
 */
export function applyEntries(stateDir: string, entries: Entries): Promise<string> {
  return withFile(JSON.stringify(entries), async (file) => {
    return describeApplied(await applyFile(file, { stateDir, remote: false }));
  });
}

async function withFile<Result>(
  text: string,
  use: (file: string) => Promise<Result>,
): Promise<Result> {
  const { path: dir, remove } = temporaryDir();
  try {
    const file = join(dir, "accounts.json");
    writeFileSync(file, text);
    return await use(file);
  } finally {
    remove();
  }
}
