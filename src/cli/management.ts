import { parsePasswordConfig, readSetting, SETTINGS } from "../config/index.ts";
import { longPbkdf2 } from "../crypto/long-pbkdf2.ts";
import { createPasswordKinds } from "../crypto/passwords.ts";
import { secureRandom } from "../crypto/random.ts";
import { unknownScopes } from "../management/scope-names.ts";
import type { ManagementTools } from "../management/tools.ts";
import { createRegistry } from "../storage/registry.ts";
import { type Target, withDatabase } from "./bindings.ts";
import { plain } from "./output.ts";
import { settingsOf } from "./project.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Opens the registry of a service for the length of `use`.
 *
 * @throws CommandError when there is none, ConfigError when a setting is odd
 */
export async function withManagement<Result>(
  target: Target,
  use: (tools: ManagementTools, db: D1Database) => Promise<Result>,
): Promise<Result> {
  const settings = await settingsOf(target);
  const config = parsePasswordConfig(settings);
  const kinds = await createPasswordKinds({
    ...config,
    random: secureRandom,
    deriveLong: longPbkdf2,
  });
  return withDatabase(target, (db) => {
    const tools = {
      registry: createRegistry(db, config.usernames),
      ...kinds,
      passwordLengthMin: config.passwordLengthMin,
      scopes: readSetting(SETTINGS.scopes, settings),
      random: secureRandom,
      newUserId: () => crypto.randomUUID(),
      endFamily: null,
    };
    return use(tools, db);
  });
}

/** Says which scope names of a client the service does not have; it is changed all the same. */
export function warnOfScopes(
  clientId: string,
  client: Parameters<typeof unknownScopes>[0],
  { scopes }: Pick<ManagementTools, "scopes">,
  terminal: Terminal,
): void {
  if (scopes === undefined) return;
  for (const problem of unknownScopes(client, scopes)) {
    terminal.note(`Warning: client ${plain(clientId)}: ${problem}`);
  }
}
