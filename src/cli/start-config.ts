import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { loadWrangler, localSecrets, PROJECT_DIR, WRANGLER_CONFIG } from "./project.ts";

/** In the project folder, because wrangler resolves paths and `.dev.vars` relative to it. */
const START_CONFIG = resolve(PROJECT_DIR, "wrangler.start.json");

/** A part of wrangler.toml that can name secrets: the top level, or an environment. */
interface Section {
  secrets?: { required?: readonly string[] };
  triggers?: unknown;
  env?: Record<string, Section>;
}

/**
 * Writes the configuration that `npm start` passes to `wrangler dev`: wrangler.toml, with each
 * secret of `.dev.vars` listed as required. `wrangler dev` ignores a line of `.dev.vars` that is
 * neither required nor a variable, and arguments would be visible to other users of the machine.
 * Without the cron trigger, which `wrangler dev` does not run, but warns about.
 * The file contains names, never values.
 *
 * @returns its path
 */
export async function writeStartConfig(): Promise<string> {
  const { experimental_readRawConfig } = await loadWrangler();
  const { rawConfig } = experimental_readRawConfig({ config: WRANGLER_CONFIG });
  const { triggers: _, ...config } = structuredClone(rawConfig) as Section;
  requireLocalSecrets(config, undefined);
  for (const [env, section] of Object.entries(config.env ?? {})) requireLocalSecrets(section, env);
  replaceFile(`${JSON.stringify(config, null, 2)}\n`);
  return START_CONFIG;
}

function requireLocalSecrets(section: Section, env: string | undefined): void {
  const required = [...(section.secrets?.required ?? []), ...Object.keys(localSecrets(env))];
  section.secrets = { ...section.secrets, required: [...new Set(required)] };
}

/** Replaces the file in one step: wrangler watches it, and several services may run. */
function replaceFile(text: string): void {
  if (existsSync(START_CONFIG) && readFileSync(START_CONFIG, "utf8") === text) return;
  const draft = `${START_CONFIG}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, START_CONFIG);
}
