import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { getPlatformProxy, unstable_readConfig } from "wrangler";
import { WRANGLER_CONFIG } from "./project.ts";

/** Which database a command means. */
export interface DatabaseTarget {
  /** Folder of the local state, as `wrangler dev --persist-to` takes it. */
  readonly stateDir: string;
  /** The deployed database instead. */
  readonly remote: boolean;
}

/**
 * Opens the service's D1 database for the length of `use`: the same bound statements, local or
 * remote, through wrangler's own platform proxy.
 */
export async function withDatabase<Result>(
  { stateDir, remote }: DatabaseTarget,
  use: (db: D1Database) => Promise<Result>,
): Promise<Result> {
  const { name, compatibility_date, d1_databases } = unstable_readConfig(
    { config: WRANGLER_CONFIG },
    { hideWarnings: true },
  );
  // The proxy starts every binding that it is told of, so it is told of D1 alone.
  const configDir = mkdtempSync(join(tmpdir(), "tollgate-"));
  const configPath = join(configDir, "wrangler.json");
  const databases = d1_databases.map((database: object) => ({ ...database, remote }));
  writeFileSync(configPath, JSON.stringify({ name, compatibility_date, d1_databases: databases }));
  try {
    const proxy = await getPlatformProxy<{ DB: D1Database }>({
      configPath,
      persist: { path: resolve(stateDir, "v3") },
      remoteBindings: remote,
    });
    try {
      return await use(proxy.env.DB);
    } finally {
      await proxy.dispose();
    }
  } finally {
    rmSync(configDir, { recursive: true, force: true });
  }
}
