import { parsePasswordConfig } from "../config/index.ts";
import { longPbkdf2 } from "../crypto/long-pbkdf2.ts";
import { createPasswordKinds } from "../crypto/passwords.ts";
import { secureRandom } from "../crypto/random.ts";
import type { ManagementTools } from "../management/tools.ts";
import { createRegistry } from "../storage/registry.ts";
import { type Target, withDatabase } from "./bindings.ts";
import { settingsOf } from "./project.ts";

/**
 * Opens the registry of a service for the length of `use`.
 *
 * @throws CommandError when there is none, ConfigError when a setting is odd
 */
export async function withManagement<Result>(
  target: Target,
  use: (tools: ManagementTools, db: D1Database) => Promise<Result>,
): Promise<Result> {
  const config = parsePasswordConfig(await settingsOf(target));
  const kinds = await createPasswordKinds({
    ...config,
    random: secureRandom,
    deriveLong: longPbkdf2,
  });
  return withDatabase(target, (db) => {
    const tools = {
      registry: createRegistry(db),
      ...kinds,
      passwordLengthMin: config.passwordLengthMin,
      random: secureRandom,
      newUserId: () => crypto.randomUUID(),
      endFamily: null,
    };
    return use(tools, db);
  });
}
