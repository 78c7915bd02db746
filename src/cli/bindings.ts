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

/** Which service a command means. */
export interface Target {
  /** Folder of the local state, as `wrangler dev --persist-to` takes it. */
  readonly stateDir: string;
  /** The deployed service instead. */
  readonly remote: boolean;
  /** Environment of wrangler.toml; the top level unless it is named. */
  readonly env?: string;
}

/** What of local state a command can reach. Durable Objects are the running service's alone. */
export interface LocalState {
  readonly DB: D1Database;
  readonly ACCESS_TOKENS: KVNamespace;
}

/**
 * Opens the service's D1 database for the length of `use`: the same bound statements, local or
 * remote, through wrangler's own platform proxy.
 *
 * @throws CommandError when there is no such database, or it has no tables yet
 */
export async function withDatabase<Result>(
  target: Target,
  use: (db: D1Database) => Promise<Result>,
): Promise<Result> {
  return withBindings(target, ["d1_databases"], ({ DB }) => use(DB));
}

/**
 * Opens the D1 database and the KV namespace of local state for the length of `use`, whether or not
 * the service runs on it.
 *
 * @throws CommandError when there is no such state, or it has no tables yet
 */
export function withLocalState<Result>(
  stateDir: string,
  use: (state: LocalState) => Promise<Result>,
): Promise<Result> {
  return withBindings({ stateDir, remote: false }, ["d1_databases", "kv_namespaces"], use);
}

/** Kinds of binding, as wrangler's configuration calls them. */
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
  // A binding that deploying has provisioned has no id here, and the proxy takes none by name.
  if (remote) config.d1_databases = await withIds(config.d1_databases, env);
  // The proxy starts every binding that it is told of, so it is told of those alone.
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
    throw new CommandError(`The database could not be opened: ${messageOf(error)}`);
  }
}

function isMissingTable(error: unknown): boolean {
  return error instanceof Unavailable && /no such (table|column)/.test(messageOf(error.cause));
}

function describeMissing({ stateDir, remote, env }: Target): string {
  const deploy = `npm run deploy${env ? ` -- --env ${env}` : ""}`;
  return remote
    ? `The deployed database lacks tables: run ${deploy}`
    : `${stateDir}: no tables there yet: run npm start once, with the same --persist-to`;
}
