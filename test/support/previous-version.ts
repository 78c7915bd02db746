import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, type MiniflareOptions } from "miniflare";
import { PROJECT_DIR } from "../../src/cli/project.ts";

/** A built Worker, and the objects that its bindings name. */
export interface Build {
  /** Folder of its `index.js` or `worker.js`. */
  readonly dir: string;
  readonly file: string;
  /** Durable Object classes by binding. */
  readonly objects: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string | number>>;
}

const FIXTURE = join(PROJECT_DIR, "test/fixtures/467dfb9");

/** The Worker of commit 467dfb9, which wanted every setting from `[vars]`. */
export const PREVIOUS: Build = {
  dir: FIXTURE,
  file: "worker.js",
  objects: {
    REFRESH_FAMILIES: "RefreshFamily",
    USED_ASSERTIONS: "UsedAssertions",
    FOREIGN_PASSWORDS: "ForeignPasswords",
    FAILURE_COUNTERS: "FailureCounter",
  },
  vars: {
    ISSUER: "",
    SCOPES: "read write groups introspection",
    ACCESS_TOKEN_TTL_SECONDS: 3600,
    REFRESH_IDLE_TTL_SECONDS: 2_592_000,
    REFRESH_ABSOLUTE_TTL_SECONDS: 7_776_000,
    REFRESH_RETRY: "reject",
    REFRESH_RETRY_WINDOW_SECONDS: 10,
    PASSWORD_HASH_ROUNDS: 1,
    PASSWORD_LENGTH_MIN: 8,
    RATE_LIMITS: "on",
    USER_FAILURES_FREE: 10,
    USER_FAILURES_FORGOTTEN_SECONDS: 86_400,
    CLIENT_FAILURES_FREE: 100,
    CLIENT_FAILURES_FORGOTTEN_SECONDS: 3600,
    FAILURE_DELAY_SECONDS_MIN: 1,
    FAILURE_DELAY_SECONDS_MAX: 900,
    HASHES_IN_FLIGHT_MAX: 32,
    FAILED_LOGIN_SECONDS_MIN: 0,
    IMPORTED_TOKENS: "on",
    MANAGEMENT_API: "off",
    LEGACY_TOKEN_ENDPOINT: "",
    LEGACY_CLIENT_ID: "",
  },
};

/** The objects keep the name of the Worker that has them, whichever build it runs. */
const OWNER = "tollgate";

/** The name of a second Worker that calls the objects of the first. */
export const CALLER = "caller";

/**
 * One state on disk, one Worker that owns the objects and one that only calls them: as
 * during a deployment, when a Worker and the objects that it calls may run different versions.
 */
export function deploymentOptions(
  stateDir: string,
  owner: Build,
  caller: Build | null,
  secrets: Readonly<Record<string, string>>,
): MiniflareOptions {
  const workerOf = (name: string, build: Build, ownsObjects: boolean) => ({
    name,
    modules: true as const,
    scriptPath: join(build.dir, build.file),
    modulesRoot: build.dir,
    compatibilityDate: "2026-11-01",
    bindings: { ...build.vars, ...secrets },
    d1Databases: { DB: "DB" },
    kvNamespaces: { ACCESS_TOKENS: "ACCESS_TOKENS" },
    ratelimits: {
      ADDRESS_RATE_LIMIT: { namespace_id: "1", simple: { limit: 10_000, period: 10 as const } },
    },
    durableObjects: Object.fromEntries(
      Object.entries(build.objects).map(([binding, className]) => {
        const object = { className, useSQLite: true };
        return [binding, ownsObjects ? object : { ...object, scriptName: OWNER }];
      }),
    ),
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  const workers = [workerOf(OWNER, owner, true)];
  if (caller !== null) workers.push(workerOf(CALLER, caller, false));
  return convertV4MiniflareOptions({
    workers,
    host: "127.0.0.1",
    port: 0,
    cf: false,
    logRequests: false,
    // A line for each request would bury the results.
    handleStructuredLogs: () => undefined,
    resourcePersistencePath: stateDir,
  });
}

/** Statements that make the previous version's tables, clients and users. */
export function previousStatements(): string[] {
  const files = readdirSync(join(FIXTURE, "migrations")).sort();
  const migrations = files.map((file) => readFileSync(join(FIXTURE, "migrations", file), "utf8"));
  return [...migrations, readFileSync(join(FIXTURE, "accounts.sql"), "utf8")].flatMap(statementsOf);
}

/** The names of the previous version's migrations, which have run already. */
export function previousMigrations(): string[] {
  return readdirSync(join(FIXTURE, "migrations"));
}

function statementsOf(sql: string): string[] {
  const withoutComments = sql.replace(/^\s*--.*$/gm, "");
  return withoutComments.split(/;\s*$/m).filter((statement) => statement.trim() !== "");
}
