import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { ownDir } from "../support/own-state.ts";
import { run } from "../support/processes.ts";

const page = readFileSync(join(PROJECT_DIR, "docs/checking-tokens.md"), "utf8");
const manifest = JSON.parse(readFileSync(join(PROJECT_DIR, "package.json"), "utf8"));

const dir = ownDir();

const snippetsOf = (text: string) => {
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
};
const snippets = snippetsOf(page);

/** Type-checks files as a separate project: bindings have the types that the files declare. */
async function check(codes: readonly string[]): Promise<string> {
  for (const [index, code] of codes.entries()) {
    writeFileSync(join(dir, `snippet-${index}.ts`), code);
  }
  const modules = join(PROJECT_DIR, "node_modules");
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    target: "es2024",
    module: "esnext",
    moduleResolution: "bundler",
    types: [join(modules, "@cloudflare/workers-types")],
    paths: {
      "tollgate/bearer": [join(PROJECT_DIR, "src/resource-server/bearer.ts")],
      hono: [join(modules, "hono")],
      "hono/cors": [join(modules, "hono/dist/types/middleware/cors")],
    },
  };
  const files = codes.map((_, index) => `snippet-${index}.ts`);
  writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const tsc = join(modules, "typescript/bin/tsc");
  return (await run(process.execPath, [tsc, "--project", dir])).stdout;
}

test("the code in docs/checking-tokens.md passes the type checker, env.TOKENS too", async () => {
  expect(snippets).toHaveLength(4);
  expect(await check(snippets)).toBe("");
  const misused = snippets.map((code) => code.replace("TOKENS: Verifier", "TOKENS: Fetcher"));
  expect(await check(misused)).toContain("error TS");
});

test.each(["README.md", "package/README.md", "docs/moving-from-workers-oauth-provider.md"])(
  "the API in %s passes the type checker",
  async (path) => {
    const [api = ""] = snippetsOf(readFileSync(join(PROJECT_DIR, path), "utf8"));
    expect(api).toContain("bearer(");
    expect(await check([api])).toBe("");
  },
);

test("docs/checking-tokens.md names the versions of this project", () => {
  expect(page).toContain(`wrangler@${manifest.devDependencies.wrangler}`);
  expect(page).toContain(`node@${manifest.devDependencies.node}`);
  expect(page).toContain("WRANGLER_REGISTRY_PATH");
});
