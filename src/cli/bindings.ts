import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { PlatformProxy } from "wrangler";
import { Unavailable } from "../errors/refusal.ts";
import { CommandError, messageOf } from "./command-error.ts";
import { loadWrangler, readConfig } from "./project.ts";
import { proxiedDatabase } from "./proxied-database.ts";
import { withIds } from "./remote-database.ts";
import { withLockedState } from "./state-lock.ts";

/** The service that a command works on. */
export interface Target {
  /** Folder of the local state, as `wrangler dev --persist-to` takes it. */
  readonly stateDir: string;
  /** Use the deployed service instead of local state. */
  readonly remote: boolean;
  /** Environment of wrangler.toml. Default: the top level. */
  readonly env?: string;
}

/** The bindings of local state that a command can open. Only the service opens Durable Objects. */
export interface LocalState {
  readonly DB: D1Database;
  readonly ACCESS_TOKENS: KVNamespace;
}

/**
 * Opens the service's D1 database while `use` runs, through wrangler's platform proxy. Local and
 * remote databases take the same bound statements.
 *
 * @throws CommandError when the database does not exist or has no tables yet
 */
export async function withDatabase<Result>(
  target: Target,
  use: (db: D1Database) => Promise<Result>,
): Promise<Result> {
  return withBindings(target, ["d1_databases"], ({ DB }) => use(DB));
}

/**
 * Opens the D1 database and the KV namespace of local state while `use` runs. The service may be
 * running at the same time.
 *
 * @throws CommandError when the state does not exist or has no tables yet
 */
export function withLocalState<Result>(
  stateDir: string,
  use: (state: LocalState) => Promise<Result>,
): Promise<Result> {
  return withBindings({ stateDir, remote: false }, ["d1_databases", "kv_namespaces"], use);
}

/** Kinds of binding, by their names in wrangler's configuration. */
type BindingKind = "d1_databases" | "kv_namespaces";

async function withBindings<Result>(
  target: Target,
  kinds: readonly BindingKind[],
  use: (bindings: LocalState) => Promise<Result>,
): Promise<Result> {
  const run = () => useBindings(target, kinds, use);
  if (target.remote) return run();
  if (!existsSync(target.stateDir)) throw new CommandError(describeMissing(target));
  return withLockedState(target.stateDir, run);
}

async function useBindings<Result>(
  target: Target,
  kinds: readonly BindingKind[],
  use: (bindings: LocalState) => Promise<Result>,
): Promise<Result> {
  const configDir = mkdtempSync(join(tmpdir(), "tollgate-"));
  try {
    const proxy = await openProxy(target, kinds, configDir);
    try {
      const DB = proxiedDatabase(proxy.env.DB, !target.remote);
      return await use({ DB, ACCESS_TOKENS: proxy.env.ACCESS_TOKENS });
    } finally {
      await proxy.dispose();
    }
  } catch (error) {
    if (isMissingTable(error)) throw new CommandError(describeMissing(target));
    throw error;
  } finally {
    rmSync(configDir, { recursive: true, force: true });
  }
}

async function openProxy(
  { stateDir, remote, env }: Target,
  kinds: readonly BindingKind[],
  configDir: string,
): Promise<PlatformProxy<LocalState & Record<string, unknown>>> {
  const { getPlatformProxy } = await loadWrangler();
  const config = await readConfig(env);
  const { name, compatibility_date } = config;
  // wrangler.toml has no id for a binding that deploying provisioned, and the proxy needs one.
  if (remote) config.d1_databases = await withIds(config.d1_databases, env);
  // The proxy starts every binding of its configuration, so list only the needed ones.
  const bindings = kinds.map((kind) => {
    return [kind, config[kind].map((binding: object) => ({ ...binding, remote }))];
  });
  const configPath = join(configDir, "wrangler.json");
  const contents = { name, compatibility_date, ...Object.fromEntries(bindings) };
  writeFileSync(configPath, JSON.stringify(contents));
  try {
    return await getPlatformProxy({
      configPath,
      persist: { path: resolve(stateDir, "v3") },
      remoteBindings: remote,
    });
  } catch (error) {
    throw new CommandError(`Could not open the database: ${messageOf(error)}`);
  }
}

function isMissingTable(error: unknown): boolean {
  return error instanceof Unavailable && /no such (table|column)/.test(messageOf(error.cause));
}

function describeMissing({ stateDir, remote, env }: Target): string {
  const deploy = `npm run deploy${env ? ` -- --env ${env}` : ""}`;
  return remote
    ? `The deployed database has no tables. Run ${deploy}`
    : `${stateDir}: the database has no tables yet. Run npm start once with the same --persist-to`;
}
