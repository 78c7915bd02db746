import { spawnSync } from "node:child_process";
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, type MiniflareOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { PROJECT_DIR, WRANGLER_CONFIG } from "../../src/cli/project.ts";

/** Settings and secrets of a Worker, by name. */
export type Vars = Readonly<Record<string, string | number>>;

const WRANGLER = join(PROJECT_DIR, "node_modules/wrangler/bin/wrangler.js");

/** The one module that {@link buildWorker} makes of the service. */
export const BUILT_MODULE = "index.js";

/** What esbuild says about the module, as {@link buildWorker} names it. */
export const BUILD_FACTS = "bundle-meta.json";

/** What {@link buildWorker} builds instead of the service. */
interface WorkerSource {
  /** Another wrangler.toml. */
  readonly configPath?: string;
  /** Another entry point than the configuration names. */
  readonly entry?: string;
}

type Worker = Extract<
  Parameters<typeof convertV4MiniflareOptions>[0],
  { workers: unknown }
>["workers"][number];

/** What {@link workerdOptions} does other than usual. */
interface WorkerdChanges {
  /** Further Workers, as miniflare 4 takes them. */
  readonly others?: readonly Worker[];
  /** Another wrangler.toml. */
  readonly configPath?: string;
  /** Where it listens; a free port by default. */
  readonly port?: number;
  /** The name of one of the others that receives all `fetch` calls of the Worker. */
  readonly outboundService?: string;
}

/** Names the folder into which node-setup.ts has built the Worker for all test files. */
export const BUILT_WORKER = "TOLLGATE_BUILT_WORKER";

/** Builds the Worker as a deployment would, into a folder. */
export function buildWorker(workerDir: string, source: WorkerSource = {}): void {
  const built = process.env[BUILT_WORKER];
  if (built !== undefined && Object.keys(source).length === 0) {
    cpSync(built, workerDir, { recursive: true });
    return;
  }
  const args = [
    "deploy",
    ...(source.entry === undefined ? [] : [source.entry]),
    "--dry-run",
    "--config",
    source.configPath ?? WRANGLER_CONFIG,
    "--env=",
    "--outdir",
    workerDir,
    "--metafile",
    join(workerDir, BUILD_FACTS),
  ];
  const env = { ...process.env, CI: "true" };
  const run = spawnSync(process.execPath, [WRANGLER, ...args], { encoding: "utf8", env });
  if (run.status !== 0) throw new Error(`the Worker does not build:\n${run.stdout}${run.stderr}`);
}

/**
 * The bindings of wrangler.toml around a built Worker, with state on disk. Requests go straight to
 * the Worker, without miniflare's own Worker or static assets before it.
 *
 * @param vars on top of those of wrangler.toml; nothing is read from `.dev.vars`
 */
export function workerdOptions(
  workerDir: string,
  stateDir: string,
  vars: Vars,
  changes: WorkerdChanges = {},
): MiniflareOptions {
  const { others = [], configPath = WRANGLER_CONFIG, port = 0, outboundService } = changes;
  const config = unstable_readConfig({ config: configPath, env: "" }, { hideWarnings: true });
  const { modulesRules: _, ...worker } = unstable_getMiniflareWorkerOptions({
    ...config,
    // Where wrangler looks for `.dev.vars`: the developer may have other secrets there.
    userConfigPath: join(stateDir, "wrangler.toml"),
    secrets: undefined,
    // Their router would run before the Worker.
    assets: undefined,
  }).workerOptions;
  return convertV4MiniflareOptions({
    workers: [
      {
        ...worker,
        name: config.name ?? "worker",
        modules: true,
        scriptPath: join(workerDir, moduleIn(workerDir)),
        modulesRoot: workerDir,
        bindings: { ...config.vars, ...vars },
        unsafeDirectSockets: [{ host: "127.0.0.1", port }],
        ...(outboundService && { outboundService }),
      },
      ...others,
    ],
    host: "127.0.0.1",
    port: 0,
    cf: false,
    logRequests: false,
    resourcePersistencePath: stateDir,
  });
}

/** The one module that {@link buildWorker} makes has the name of its entry point. */
function moduleIn(workerDir: string): string {
  return readdirSync(workerDir).find((name) => name.endsWith(".js")) ?? BUILT_MODULE;
}
