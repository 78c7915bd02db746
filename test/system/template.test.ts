import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, test } from "vitest";
import { deployDescriptions } from "../../src/cli/docs/configuration.ts";
import { PROJECT_DIR, readConfig } from "../../src/cli/project.ts";
import { SECRETS, type Setting } from "../../src/config/index.ts";
import { ownDir } from "../support/own-state.ts";
import { run } from "../support/processes.ts";

// What the Deploy button and `npm create cloudflare -- --template` read, as far as that can be
// tried without an account. Sources: Cloudflare, "Deploy to Cloudflare buttons"; create-cloudflare
// 2.74, `validateTemplateSrcDirectory`, `inferCopyFilesDefinition` and `runDeploy`.

const dir = ownDir();

const read = (path: string) => readFileSync(join(PROJECT_DIR, path), "utf8");

const manifest = JSON.parse(read("package.json")) as {
  name: string;
  scripts: Record<string, string>;
  dependencies: object;
  devDependencies: object;
  cloudflare: { label: string; bindings: Record<string, { description: string }> };
};
const { bindings } = manifest.cloudflare;

/** Optional secrets of a Worker. */
const OPTIONAL_SECRETS = Object.values<Setting>(SECRETS)
  .filter((row) => row.default === null)
  .map(({ name }) => name);

describe("the Deploy button", () => {
  test("has the text of the tables for every binding, setting and secret", () => {
    expect(bindings).toEqual(deployDescriptions());
  });

  test.each(Object.entries(bindings))("describes %s", (_, { description }) => {
    expect(description).toMatch(/^[A-Z0-9`].{10,}\.$/);
  });

  test("asks for the secrets that the Worker needs, and supplies no value", async () => {
    const asked = parseEnv(read(".dev.vars.example"));
    const required = (await readConfig()).secrets?.required ?? [];
    expect(Object.keys(asked)).toEqual(required);
    for (const value of Object.values(asked)) expect(value).toBe("");
    for (const name of OPTIONAL_SECRETS) expect(read(".dev.vars.example")).toContain(`# ${name}=`);
  });

  test("finds the scripts that it runs, and no build script", () => {
    expect(manifest.scripts).toMatchObject({
      predeploy: "node src/cli/bootstrap.mjs",
      deploy: "node src/cli/deploy.ts",
    });
    expect(manifest.scripts).not.toHaveProperty("build");
  });

  test("can insert ids: wrangler writes them only where there is no comment", () => {
    expect(read("wrangler.toml")).not.toContain("#");
  });
});

describe("npm create cloudflare -- --template", () => {
  test("finds the required files of a template", () => {
    for (const path of ["package.json", "wrangler.toml", "package-lock.json", ".gitignore"]) {
      expect(existsSync(join(PROJECT_DIR, path)), path).toBe(true);
    }
    expect(manifest.scripts).toMatchObject({ "cf-typegen": expect.stringContaining("types") });
  });

  test("copies the whole project, because there is no folder js or ts", () => {
    const folders = readdirSync(PROJECT_DIR).filter((name) => {
      return statSync(join(PROJECT_DIR, name)).isDirectory();
    });
    expect(folders).toContain("src");
    for (const variant of ["js", "ts"]) expect(folders).not.toContain(variant);
  });

  test("installs from the lockfile, which matches the manifest", () => {
    const { packages } = JSON.parse(read("package-lock.json"));
    const { name, dependencies, devDependencies } = manifest;
    expect(packages[""]).toMatchObject({ name, dependencies, devDependencies });
  });
});

describe("git ignores files with secrets", () => {
  test.each([
    [".dev.vars", 0],
    [".dev.vars.staging", 0],
    ["production.secrets", 0],
    ["staging.secrets", 0],
    [".dev.vars.example", 1],
    ["wrangler.toml", 1],
  ])("%s", async (path, code) => {
    // In its own repository: an unpacked archive of the project is none.
    copyFileSync(join(PROJECT_DIR, ".gitignore"), join(dir, ".gitignore"));
    await run("git", ["init", "--quiet", dir]);
    const { code: found } = await run("git", ["-C", dir, "check-ignore", "--quiet", path]);
    expect(found).toBe(code);
  });
});
