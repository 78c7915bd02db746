import { cpSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { run } from "../support/processes.ts";
import { temporaryDir } from "../support/server.ts";

const MODULES = join(PROJECT_DIR, "node_modules");

/** What another project has for itself: types to check against, and its own test runner. */
const TOOLS = ["@cloudflare/workers-types", "@types/node", "vitest"];

const { path: project, remove } = temporaryDir();

async function succeed(command: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, { cwd: project });
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

/**
 * Installs the packed package into a project of its own, as npm does and without npm: nothing is
 * fetched, and the package finds the dependencies that it declares and no others.
 */
beforeAll(async () => {
  const packed = await succeed("npm", "pack", PROJECT_DIR, "--silent");
  const installed = join(project, "node_modules/tollgate");
  mkdirSync(installed, { recursive: true });
  await succeed("tar", "-xzf", packed.trim(), "-C", installed, "--strip-components=1");
  write("package.json", { name: "consumer", private: true, type: "module" });
  cpSync(join(PROJECT_DIR, "test/support/consumer"), join(project, "src"), { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  for (const name of [...Object.keys(dependencies), ...TOOLS]) {
    const link = join(project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(MODULES, name), link);
  }
  write("wrangler.json", {
    name: "consumer",
    main: "src/worker.ts",
    compatibility_date: "2026-11-01",
    services: [{ binding: "TOKENS", service: "consumer", entrypoint: "FakeTokenVerifier" }],
  });
});

afterAll(remove);

function write(name: string, content: object): void {
  writeFileSync(join(project, name), JSON.stringify(content));
}

test("the package holds what can be imported of it, its page, and nothing else", () => {
  const files = globSync("**/*.*", { cwd: join(project, "node_modules/tollgate") });
  for (const extension of ["js", "d.ts"])
    expect(files).toContain(`dist/resource-server/bearer.${extension}`);
  const foreign = files.filter((file) => {
    return !/^dist\/(crypto|protocol|resource|testing)\/|^docs\/|^(package\.json|README\.md)$/.test(
      file,
    );
  });
  expect(foreign).toEqual([]);
});

test.each([
  // Strict of what the package declares too.
  { name: "Worker", file: "worker.ts", types: "@cloudflare/workers-types", skipLibCheck: false },
  { name: "Node program", file: "things.test.ts", types: "@types/node", skipLibCheck: true },
])("a $name that imports it passes the type checker", async ({ file, types, skipLibCheck }) => {
  const compilerOptions = {
    target: "es2024",
    module: "esnext",
    moduleResolution: "bundler",
    lib: ["es2024"],
    types: [types],
    noEmit: true,
    strict: true,
    skipLibCheck,
  };
  write("tsconfig.json", { compilerOptions, files: [`src/${file}`] });
  await succeed(process.execPath, join(MODULES, "typescript/bin/tsc"));
});

test("Node imports it as it is", async () => {
  const lines = [
    'import { bearer } from "tollgate/bearer";',
    'import { fakeToken } from "tollgate/testing";',
    "console.log(typeof bearer, fakeToken({ scope: [] }));",
  ];
  const options = ["--input-type=module", "--no-experimental-strip-types", "--eval"];
  const printed = await succeed(process.execPath, ...options, lines.join("\n"));
  expect(printed).toMatch(/^function fake\.\w+\n$/);
});

test("the tests of another project pass with it", async () => {
  const vitest = join(project, "node_modules/vitest/vitest.mjs");
  await succeed(process.execPath, vitest, "run", "--reporter=json", "--outputFile=report.json");
  const report = JSON.parse(readFileSync(join(project, "report.json"), "utf8"));
  expect(report).toMatchObject({ success: true, numPassedTests: 4 });
});

test("it builds for deployment, and the test kit stands in for the service", async () => {
  const wrangler = join(MODULES, "wrangler/bin/wrangler.js");
  await succeed(process.execPath, wrangler, "deploy", "--dry-run", "--outdir", "dist");
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: "consumer",
      modules: true,
      scriptPath: join(project, "dist/worker.js"),
      modulesRoot: join(project, "dist"),
      compatibilityDate: "2026-11-01",
      serviceBindings: { TOKENS: { name: "consumer", entrypoint: "FakeTokenVerifier" } },
    }),
  );
  try {
    const tokens = (await (await miniflare.dispatchFetch("http://api/tokens")).json()) as {
      [name: string]: string;
    };
    const statusOf = async (name: string) => {
      const headers = { Authorization: `Bearer ${tokens[name]}` };
      return (await miniflare.dispatchFetch("http://api/things", { headers })).status;
    };
    expect([await statusOf("good"), await statusOf("narrow")]).toEqual([200, 403]);
    expect([await statusOf("expired"), await statusOf("revoked")]).toEqual([401, 401]);
    expect([await statusOf("jwt"), tokens["keys"], tokens["verifier"]]).toEqual([
      401,
      1,
      "function",
    ]);
  } finally {
    await miniflare.dispose();
  }
});
