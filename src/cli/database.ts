import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { PlatformProxy } from "wrangler";
import { Unavailable } from "../protocol/refusal.ts";
import { CommandError, messageOf } from "./command-error.ts";
import { loadWrangler, WRANGLER_CONFIG } from "./project.ts";
import { withLockedState } from "./state-lock.ts";

/** Which database a command means. */
export interface DatabaseTarget {
  /** Folder of the local state, as `wrangler dev --persist-to` takes it. */
  readonly stateDir: string;
  /** The deployed database instead. */
  readonly remote: boolean;
}

type Use<Result> = (db: D1Database) => Promise<Result>;
type Proxy = PlatformProxy<{ DB: D1Database }>;

/**
 * Opens the service's D1 database for the length of `use`: the same bound statements, local or
 * remote, through wrangler's own platform proxy.
 *
 * @throws CommandError when there is no such database, or it has no tables yet
 */
export async function withDatabase<Result>(
  target: DatabaseTarget,
  use: Use<Result>,
): Promise<Result> {
  if (target.remote) return useDatabase(target, use);
  if (!existsSync(target.stateDir)) throw new CommandError(describeMissing(target));
  return withLockedState(target.stateDir, () => useDatabase(target, use));
}

async function useDatabase<Result>(target: DatabaseTarget, use: Use<Result>): Promise<Result> {
  const configDir = mkdtempSync(join(tmpdir(), "tollgate-"));
  try {
    const proxy = await openProxy(target, configDir);
    try {
      return await use(proxy.env.DB);
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

async function openProxy({ stateDir, remote }: DatabaseTarget, configDir: string): Promise<Proxy> {
  const { getPlatformProxy, unstable_readConfig } = await loadWrangler();
  const { name, compatibility_date, d1_databases } = unstable_readConfig(
    { config: WRANGLER_CONFIG },
    { hideWarnings: true },
  );
  // The proxy starts every binding that it is told of, so it is told of D1 alone.
  const configPath = join(configDir, "wrangler.json");
  const databases = d1_databases.map((database: object) => ({ ...database, remote }));
  writeFileSync(configPath, JSON.stringify({ name, compatibility_date, d1_databases: databases }));
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

function describeMissing({ stateDir, remote }: DatabaseTarget): string {
  return remote
    ? "The deployed database lacks tables: run npx wrangler d1 migrations apply DB --remote"
    : `${stateDir}: no tables there yet: run npm start once, with the same --persist-to`;
}
