import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { loadWrangler, localSecrets, PROJECT_DIR, WRANGLER_CONFIG } from "./project.ts";

/** In the project's folder, since wrangler reads paths and `.dev.vars` from where this is. */
const START_CONFIG = resolve(PROJECT_DIR, "wrangler.start.json");

/** A part of wrangler.toml that can name secrets: the top level, or an environment. */
interface Section {
  secrets?: { required?: readonly string[] };
  env?: Record<string, Section>;
}

/**
 * Writes what `npm start` gives to `wrangler dev` as its configuration: wrangler.toml with each
 * secret of `.dev.vars` as a required one. `wrangler dev` drops a line of `.dev.vars` that is
 * neither required nor a variable, and its other way in is an argument, which every user of the
 * machine can read. The file has names, never values.
 *
 * @returns its path
 */
export async function writeStartConfig(): Promise<string> {
  const { experimental_readRawConfig } = await loadWrangler();
  const { rawConfig } = experimental_readRawConfig({ config: WRANGLER_CONFIG });
  const config = structuredClone(rawConfig) as Section;
  requireLocalSecrets(config, undefined);
  for (const [env, section] of Object.entries(config.env ?? {})) requireLocalSecrets(section, env);
  replaceFile(`${JSON.stringify(config, null, 2)}\n`);
  return START_CONFIG;
}

function requireLocalSecrets(section: Section, env: string | undefined): void {
  const required = [...(section.secrets?.required ?? []), ...Object.keys(localSecrets(env))];
  section.secrets = { ...section.secrets, required: [...new Set(required)] };
}

/** Wrangler watches the file, and several services may run: it changes whole, or not at all. */
function replaceFile(text: string): void {
  if (existsSync(START_CONFIG) && readFileSync(START_CONFIG, "utf8") === text) return;
  const draft = `${START_CONFIG}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, START_CONFIG);
}
