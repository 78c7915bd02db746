import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod/mini";
import { firstKeys } from "../../admin/keys.ts";
import { secureRandom } from "../../crypto/bytes.ts";
import { parseRingKeys } from "../../crypto/key-ring.ts";
import { parseJwkSet } from "../../crypto/signing-keys.ts";
import { CommandError, messageOf } from "../command-error.ts";
import { requirePrivate } from "../private-files.ts";

/**
 * The secrets of a new Worker, for `wrangler deploy --secrets-file`. JSON instead of dotenv: in a
 * dotenv file, wrangler expands `$`, and environment variables override the file.
 */
export type Keys = z.infer<typeof keys>;

const keys = z.strictObject({ TOKEN_KEYS: z.string(), SIGNING_KEYS: z.string() });

/** Generates a key that seals tokens and a key that signs JWTs. */
export async function makeKeys(): Promise<Keys> {
  return {
    TOKEN_KEYS: await firstKeys("TOKEN_KEYS", secureRandom),
    SIGNING_KEYS: await firstKeys("SIGNING_KEYS", secureRandom),
  };
}

/**
 * Reads the keys of a file, or creates the file with new keys. The keys are saved before they are
 * used, and a second attempt uses the same ones.
 *
 * @throws CommandError when the file has no valid keys, other users can read it, or it cannot be
 *   read or written
 */
export async function keepKeys(path: string): Promise<Keys> {
  try {
    if (existsSync(path)) {
      const kept = parseKeys(readFileSync(path, "utf8"));
      requirePrivate(path);
      return kept;
    }
    const made = await makeKeys();
    writePrivately(path, made);
    return made;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${path}: ${messageOf(error)}`);
  }
}

/** Creates a temporary folder that only this user can read, and removes it after `use`. */
export async function withScratchDir<Result>(
  use: (scratchDir: string) => Promise<Result>,
): Promise<Result> {
  const scratchDir = mkdtempSync(join(tmpdir(), "tollgate-deploy-"));
  const remove = () => rmSync(scratchDir, { recursive: true, force: true });
  // An interrupt ends the process without running `finally`.
  process.once("exit", remove);
  try {
    return await use(scratchDir);
  } finally {
    process.off("exit", remove);
    remove();
  }
}

/** Writes a file that only this user can read. @throws when it already exists */
export function writePrivately(path: string, content: object): void {
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: "wx" });
}

function parseKeys(text: string): Keys {
  const parsed = keys.safeParse(parseJson(text));
  if (!parsed.success) throw new Error("not a JSON object of TOKEN_KEYS and SIGNING_KEYS");
  const problems = {
    TOKEN_KEYS: parseRingKeys(parsed.data.TOKEN_KEYS),
    SIGNING_KEYS: parseJwkSet(parsed.data.SIGNING_KEYS),
  };
  for (const [name, problem] of Object.entries(problems)) {
    if (typeof problem === "string") throw new Error(`${name}: ${problem}`);
  }
  return parsed.data;
}

/** Hides the error of JSON.parse: V8 quotes the input, which may be a key. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
