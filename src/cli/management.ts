import type { AdminDeps } from "../admin/deps.ts";
import { unknownScopes } from "../admin/scope-names.ts";
import { parsePasswordConfig, readSetting, SETTINGS } from "../config/index.ts";
import { secureRandom } from "../crypto/bytes.ts";
import { longPbkdf2 } from "../crypto/long-pbkdf2.ts";
import { createPasswordKinds } from "../crypto/passwords.ts";
import { createRegistry } from "../storage/registry.ts";
import { type Target, withDatabase } from "./bindings.ts";
import { plain } from "./output.ts";
import { settingsOf } from "./project.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Opens the registry of a service while `use` runs.
 *
 * @throws CommandError when there is no database
 * @throws ConfigError when a setting is invalid
 */
export async function withManagement<Result>(
  target: Target,
  use: (deps: AdminDeps, db: D1Database) => Promise<Result>,
): Promise<Result> {
  const settings = await settingsOf(target);
  const config = parsePasswordConfig(settings);
  const kinds = await createPasswordKinds({
    ...config,
    random: secureRandom,
    deriveLong: longPbkdf2,
  });
  return withDatabase(target, (db) => {
    const deps = {
      registry: createRegistry(db, config.usernames),
      ...kinds,
      passwordLengthMin: config.passwordLengthMin,
      scopes: readSetting(SETTINGS.scopes, settings),
      resources: readSetting(SETTINGS.resources, settings),
      random: secureRandom,
      newUserId: () => crypto.randomUUID(),
      endFamily: null,
    };
    return use(deps, db);
  });
}

/** Warns about scope names of a client that SCOPES does not contain. The change is still made. */
export function warnOfScopes(
  clientId: string,
  client: Parameters<typeof unknownScopes>[0],
  { scopes }: Pick<AdminDeps, "scopes">,
  terminal: Terminal,
): void {
  if (scopes === undefined) return;
  for (const problem of unknownScopes(client, scopes)) {
    terminal.note(`Warning: client ${plain(clientId)}: ${problem}`);
  }
}
