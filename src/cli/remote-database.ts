import { CommandError } from "./command-error.ts";
import { errorMessageOf, type RunWrangler, runWrangler } from "./wrangler.ts";

/** The fields of a D1 binding that are used here. */
interface DatabaseBinding {
  readonly binding: string;
  readonly database_name?: string | undefined;
  readonly database_id?: string | undefined;
}

/**
 * Adds the database id from the account to each D1 binding that has none in wrangler.toml.
 *
 * @throws CommandError when the account has no such database, or wrangler is not logged in
 */
export async function withIds<Binding extends DatabaseBinding>(
  bindings: readonly Binding[],
  env = "",
  wrangler: RunWrangler = runWrangler,
): Promise<Binding[]> {
  const completed: Binding[] = [];
  for (const binding of bindings) {
    const database_id = binding.database_id ?? (await findId(binding, env, wrangler));
    completed.push({ ...binding, database_id });
  }
  return completed;
}

async function findId(
  { binding, database_name: name = binding }: DatabaseBinding,
  env: string,
  wrangler: RunWrangler,
): Promise<string> {
  const ended = await wrangler(["d1", "list", "--json", "--env", env]);
  if (ended.code !== 0) {
    throw new CommandError(`Could not open the database: ${errorMessageOf(ended)}`);
  }
  const databases = JSON.parse(ended.stdout) as readonly { uuid: string; name: string }[];
  const found = databases.find((database) => database.name === name);
  if (found !== undefined) return found.uuid;
  throw new CommandError(`The account has no database "${name}". Run npm run deploy`);
}
