import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { publint } from "publint";
import { beforeAll, describe, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { ownDir } from "../support/own-state.ts";
import { run } from "../support/processes.ts";

const MODULES = join(PROJECT_DIR, "node_modules");

/** What another project has itself: types to check against, and its test runner. */
const TOOLS = ["@cloudflare/workers-types", "@types/node", "vitest"];

const project = ownDir();

async function succeed(command: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, { cwd: project });
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: unknown;
}

const readManifest = (folder: string): Manifest => {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
};

const installed = join(project, "node_modules/tollgate");
let tarball: Uint8Array<ArrayBuffer>;

/**
 * Installs the packed package into a project of its own. It uses links and not `npm install`, so
 * that the test needs no network, and the package finds only the dependencies that it declares.
 */
beforeAll(async () => {
  const build = join(PROJECT_DIR, "tsconfig.build.json");
  await succeed(process.execPath, join(MODULES, "typescript/bin/tsc"), "--project", build);
  const packed = (await succeed("npm", "pack", join(PROJECT_DIR, "package"), "--silent")).trim();
  tarball = new Uint8Array(readFileSync(join(project, packed)));
  mkdirSync(installed, { recursive: true });
  await succeed("tar", "-xzf", packed, "-C", installed, "--strip-components=1");
  write("package.json", { name: "consumer", private: true, type: "module" });
  cpSync(join(PROJECT_DIR, "test/support/consumer"), join(project, "src"), { recursive: true });
  const { dependencies, peerDependencies } = readManifest(installed);
  for (const name of [...Object.keys({ ...dependencies, ...peerDependencies }), ...TOOLS]) {
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

function write(name: string, content: object): void {
  writeFileSync(join(project, name), JSON.stringify(content));
}

describe("the tarball", () => {
  test("contains the modules that can be imported, the command, and nothing else", () => {
    const files = globSync("**/*.*", { cwd: installed });
    for (const extension of ["js", "d.ts"])
      expect(files).toContain(`dist/resource-server/bearer.${extension}`);
    const parts = /^dist\/(client|crypto|protocol|resource-server|rpc|testing)\//;
    expect(files.filter((file) => !parts.test(file)).sort()).toEqual([
      "README.md",
      "package.json",
      "tollgate.mjs",
    ]);
  });

  test("declares exactly the packages that it imports, in versions that are tested here", () => {
    // Of hono only the types are imported.
    const code = globSync("dist/**/*.{js,d.ts}", { cwd: installed }).map((file) => {
      return readFileSync(join(installed, file), "utf8");
    });
    const imported = code.flatMap((text) => [...text.matchAll(/ from "([a-z@][^":]*)"/g)]);
    const names = new Set(imported.map(([, module = ""]) => module.split("/")[0]));
    const { dependencies, peerDependencies, scripts } = readManifest(installed);
    const declared = { ...dependencies, ...peerDependencies };
    expect(Object.keys(declared).sort()).toEqual([...names].sort());
    expect(scripts).toBeUndefined();
    const own = readManifest(PROJECT_DIR);
    for (const [name, range] of Object.entries(declared)) {
      expect(range).toBe(`^${own.dependencies[name]}`);
    }
  });

  test("has the version of the service", () => {
    expect(readManifest(installed).version).toBe(readManifest(PROJECT_DIR).version);
  });

  test("passes publint", async () => {
    const { messages } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
    expect(messages).toEqual([]);
  });

  test("has types that resolve like its modules", async () => {
    const result = await checkPackage(createPackageFromTarballData(tarball));
    if (result.types === false) throw new Error("the package has no types");
    // It is for ES modules only, as its engines (Workers, Node 20) are.
    const isForModules = (problem: (typeof result.problems)[number]) => {
      if (!("resolutionKind" in problem)) return true;
      return problem.resolutionKind === "bundler" || problem.resolutionKind === "node16-esm";
    };
    expect(result.problems.filter(isForModules)).toEqual([]);
  });
});

describe("the command tollgate", () => {
  const command = join(installed, "tollgate.mjs");

  test("runs the commands of the current clone", async () => {
    const args = [command, "explain", "invalid_grant"];
    const { code, stdout } = await run(process.execPath, args, { cwd: join(PROJECT_DIR, "docs") });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^invalid_grant: /),
    });
  });

  test("outside a clone says what it needs", async () => {
    const { code, stderr } = await run(process.execPath, [command, "client", "list"], {
      cwd: project,
    });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("clone") });
    const version = `${readManifest(installed).version}\n`;
    expect(await succeed(process.execPath, command, "--version")).toBe(version);
  });
});

test.each([
  // Also checks the declarations of the package.
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

test("Node imports it", async () => {
  const lines = [
    'import { bearer } from "tollgate/bearer";',
    'import { TokenClient } from "tollgate/client";',
    'import { fakeToken } from "tollgate/testing";',
    "console.log(typeof bearer, typeof TokenClient, fakeToken({ scope: [] }));",
  ];
  const options = ["--input-type=module", "--no-experimental-strip-types", "--eval"];
  const printed = await succeed(process.execPath, ...options, lines.join("\n"));
  expect(printed).toMatch(/^function function fake\.\w+\n$/);
});

const DENO = join(PROJECT_DIR, "test/support/tools/node_modules/.bin/deno");
const hasDeno = existsSync(DENO) || process.env["CI"] === "true";

describe.each([
  ["Node", process.execPath, ["--no-experimental-strip-types"], true],
  ["Deno", DENO, ["run", "--allow-net", "--allow-env", "--node-modules-dir=manual"], hasDeno],
] as const)("in %s", (runtime, command, options, isThere) => {
  const title = "an API lets a client in that knows only its URL";
  const reason = "skipped: npm ci --prefix test/support/tools";
  test.runIf(isThere)(isThere ? title : `${title} (${reason})`, async () => {
    const printed = await succeed(command, ...options, "src/runtime.mjs");
    const metadataUrl = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
    const seen = [
      `Bearer realm="api", scope="read", resource_metadata="${metadataUrl}"`,
      "https://mcp.example.com/mcp",
      "test-user",
    ];
    expect(JSON.parse(printed)).toEqual({ runtime, hono: seen, plain: seen });
  });
});

test("the tests of another project pass", async () => {
  const vitest = join(project, "node_modules/vitest/vitest.mjs");
  await succeed(process.execPath, vitest, "run", "--reporter=json", "--outputFile=report.json");
  const report = JSON.parse(readFileSync(join(project, "report.json"), "utf8"));
  expect(report).toMatchObject({ success: true, numPassedTests: 4 });
});

test("it builds for deployment, and the test kit replaces the service", async () => {
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
