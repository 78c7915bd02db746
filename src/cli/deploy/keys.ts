import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod/mini";
import { firstKey } from "../../admin/keys.ts";
import { parseRingKeys } from "../../crypto/key-ring.ts";
import { secureRandom } from "../../crypto/random.ts";
import { parseJwkSet } from "../../crypto/signing-keys.ts";
import { CommandError, messageOf } from "../command-error.ts";
import { requirePrivate } from "../private-files.ts";

/**
 * The secrets of a new Worker, as a file for `wrangler deploy --secrets-file`. JSON and not lines:
 * in lines wrangler expands `$`, and lets a variable of the environment win over the file.
 */
export type Keys = z.infer<typeof keys>;

const keys = z.strictObject({ TOKEN_KEYS: z.string(), SIGNING_KEYS: z.string() });

/** Makes one key that seals tokens, and one that signs JWTs. */
export async function makeKeys(): Promise<Keys> {
  return {
    TOKEN_KEYS: await firstKey("TOKEN_KEYS", secureRandom),
    SIGNING_KEYS: await firstKey("SIGNING_KEYS", secureRandom),
  };
}

/**
 * The keys that a file holds; where there is none, new keys, and the file with them. So keys are
 * kept before anything is sealed with them, and a second attempt takes the same ones.
 *
 * @throws CommandError when the file holds no such keys, other users can read it, or it cannot be
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

/** Does something with a folder that only this user can look into, and that is gone afterwards. */
export async function withScratchDir<Result>(
  use: (scratchDir: string) => Promise<Result>,
): Promise<Result> {
  const scratchDir = mkdtempSync(join(tmpdir(), "tollgate-deploy-"));
  const remove = () => rmSync(scratchDir, { recursive: true, force: true });
  // An interrupt ends the process where it stands.
  process.once("exit", remove);
  try {
    return await use(scratchDir);
  } finally {
    process.off("exit", remove);
    remove();
  }
}

/** Writes a file that only this user can read. @throws when it is there already */
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

/** V8 quotes what it cannot read, which may be a key. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
