import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { ownDir } from "../support/own-state.ts";
import { run } from "../support/processes.ts";
import { type Server, startServer } from "../support/server.ts";

const page = readFileSync(join(PROJECT_DIR, "docs/management.md"), "utf8");
const dir = ownDir();
let server: Server;

/** The code of every fenced block of a language. */
const fences = (language: string) => {
  const all = page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"));
  return [...all].map(([, code]) => code ?? "");
};

beforeAll(async () => {
  const args = ["--var", "MANAGEMENT_API:on"];
  server = await startServer({ stateDir: join(dir, "state"), args });
});
afterAll(() => server.stop());

test("all shell lines run in order, with the documented results", async () => {
  const script = ["set -e", `cd ${dir}`, ...fences("sh")]
    .join("\n")
    .replaceAll("127.0.0.1:8787", new URL(server.url).host)
    .replace("npm run -s cli --", `(cd "$PROJECT" && "$NODE" src/cli/main.ts`)
    .replace("--json > site.json", `--json --persist-to "${server.stateDir}") > site.json`)
    .replaceAll("admin() { curl -s", `admin() { curl -s -w '\\n%{http_code}\\n'`)
    .replace('?username=ada@example.com" |', '?username=ada@example.com" | head -n 1 |');
  const { code, stdout, stderr } = await run("bash", ["-c", script], {
    env: { PROJECT: PROJECT_DIR, NODE: process.execPath },
  });
  expect(code, stdout + stderr).toBe(0);
  const statuses = stdout.split("\n").filter((line) => /^\d{3}$/.test(line));
  const users = [201, 204, 200, 204, 200, 200, 200, 200, 200, 200, 200, 204, 204, 200, 204];
  const lists = [200, 200];
  const clients = [201, 200, 200, 200, 204, 204];
  const resources = [200, 200, 204];
  expect(statuses.map(Number)).toEqual([...users, ...lists, ...clients, ...resources]);
});

test("the Worker passes the type checker, and wrangler accepts its binding", async () => {
  const site = join(dir, "site");
  mkdirSync(site);
  const [worker = ""] = fences("ts");
  const [binding = ""] = fences("toml");
  writeFileSync(join(site, "index.ts"), worker);
  writeFileSync(
    join(site, "wrangler.toml"),
    `name = "site"\nmain = "index.ts"\ncompatibility_date = "2026-11-01"\n${binding}`,
  );
  cpSync(join(PROJECT_DIR, "src/rpc/management-types.ts"), join(site, "management-types.ts"));
  cpSync(join(PROJECT_DIR, "src/rpc/profile-types.ts"), join(site, "profile-types.ts"));
  symlinkSync(join(PROJECT_DIR, "node_modules"), join(site, "node_modules"));
  const compilerOptions = {
    ...{ target: "es2024", module: "esnext", moduleResolution: "bundler", lib: ["es2024"] },
    ...{ types: ["@cloudflare/workers-types"], noEmit: true, strict: true },
    paths: { "tollgate/management": ["./management-types.ts"] },
  };
  writeFileSync(
    join(site, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["index.ts"] }),
  );
  const bin = (name: string) => join(PROJECT_DIR, "node_modules", name);
  const checked = await run(process.execPath, [bin("typescript/bin/tsc")], { cwd: site });
  expect(checked.code, checked.stdout).toBe(0);
  const words = [bin("wrangler/bin/wrangler.js"), "deploy", "--dry-run", "--outdir", "out"];
  const deployed = await run(process.execPath, words, { cwd: site });
  expect(deployed.code, deployed.stderr).toBe(0);
  expect(deployed.stdout).toMatch(/env\.USERS \(tollgate#Management\)/);
});
