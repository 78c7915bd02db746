import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, inject, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { ASSETS_DIR, PROJECT_DIR, WRANGLER_CONFIG } from "../../src/cli/project.ts";
import { PATHS } from "../../src/endpoints/urls.ts";
import { ownDir } from "../support/own-state.ts";
import { run } from "../support/processes.ts";
import { startServer } from "../support/server.ts";

const { url } = inject("server");

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The policy of the Worker's own responses. */
const JSON_POLICY = "default-src 'none'; frame-ancestors 'none'";

const FILES = ["_headers", "docs.html", "docs/docs.css", "docs/docs.js", "openapi.json"];

describe("the static assets", () => {
  test.each([
    ["/docs", "text/html; charset=utf-8"],
    ["/docs/docs.js", "text/javascript; charset=utf-8"],
    ["/docs/docs.css", "text/css; charset=utf-8"],
    ["/openapi.json", "application/json"],
  ])("%s is %s, under a policy that allows only this host", async (path, type) => {
    const { status, headers } = await fetch(url + path);
    expect({ status, ...Object.fromEntries(headers) }).toMatchObject({
      status: 200,
      "content-type": type,
      "content-security-policy": POLICY,
      "cross-origin-opener-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
  });

  test("are all in the list of interfaces in SECURITY.md", () => {
    const page = readFileSync(join(PROJECT_DIR, "SECURITY.md"), "utf8");
    const listed = [...page.matchAll(/^\| `(\/[^`]*)` \| GET \| .*; a static file \|$/gm)];
    const served = FILES.filter((name) => name !== "_headers").map((name) => {
      return `/${name.replace(/\.html$/, "")}`;
    });
    expect(listed.map(([, path]) => path).sort()).toEqual(served.sort());
  });

  test.each(["/docs/", "/docs.html"])("%s redirects to /docs", async (path) => {
    const { status, headers } = await fetch(url + path, { redirect: "manual" });
    expect([status, headers.get("Location")]).toEqual([307, "/docs"]);
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("are not served for %s", async (method) => {
    for (const path of ["/docs", "/openapi.json"]) {
      const answer = await fetch(url + path, { method });
      const { status } = answer;
      expect({ path, status, text: await answer.text() }).toEqual({ path, status: 405, text: "" });
    }
  });

  test.each(["/docs/nothing", "/docs/docs.css.map", "/_headers", "/index.html"])(
    "%s is no asset: the Worker responds in JSON",
    async (path) => {
      const response = await fetch(url + path);
      expect(response.headers.get("Content-Type")).toBe("application/json");
      expect(response.headers.get("Content-Security-Policy")).toBe(JSON_POLICY);
    },
  );

  test.each(["", "staging"])("are not looked up before an OAuth endpoint in %j", (env) => {
    const { assets } = unstable_readConfig(
      { config: WRANGLER_CONFIG, env },
      { hideWarnings: true },
    );
    expect(resolve(PROJECT_DIR, assets?.directory ?? "")).toBe(ASSETS_DIR);
    const first = assets?.run_worker_first as string[];
    const passed = Object.values(PATHS).filter((path) => {
      return !first.some((rule) => path.startsWith(rule.replace("*", "")));
    });
    // Called too rarely for the lookup of an asset to matter.
    const seldom: readonly string[] = ["/", "/healthz"];
    expect(passed.filter((path) => !seldom.includes(path))).toEqual([]);
  });
});

describe("npm run assets", () => {
  const path = ownDir();
  const dir = join(path, "assets");

  const build = (env: Readonly<Record<string, string>> = {}) => {
    return run("npm", ["run", "-s", "assets", "--", dir], { env });
  };
  const listed = () => {
    const all = readdirSync(dir, { recursive: true, encoding: "utf8" });
    return all.filter((name) => statSync(join(dir, name)).isFile()).sort();
  };

  test("writes what the page loads, and nothing else", async () => {
    expect(await build()).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(listed()).toEqual([...FILES].sort());
  });

  test("describes the paths of a deployment with its own prefix", async () => {
    const paths = () =>
      Object.keys(JSON.parse(readFileSync(join(dir, "openapi.json"), "utf8")).paths);
    expect(paths()).toContain("/o/token/");
    await build({ PATH_PREFIX: "/oauth2 /o" });
    expect(paths()).toContain("/oauth2/token/");
    expect(paths().filter((path) => /^\/o\/|\/o$/.test(path))).toEqual([]);
    await build();
  });

  test("removes files of an older build, and writes those that are missing or changed", async () => {
    const contents = () => listed().map((name) => [name, readFileSync(join(dir, name), "utf8")]);
    const before = contents();
    writeFileSync(join(dir, "docs/older.js"), "");
    writeFileSync(join(dir, "docs.html"), "changed");
    rmSync(join(dir, "docs/docs.css"));
    await build();
    expect(contents()).toEqual(before);
  });

  test("does not write a file that is current, even when several run at once", async () => {
    const times = () => listed().map((name) => statSync(join(dir, name)).mtimeMs);
    const before = times();
    const ended = await Promise.all([build(), build(), build()]);
    expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual(Array(3).fill([0, ""]));
    expect(times()).toEqual(before);
    expect(readdirSync(path)).toEqual(["assets"]);
  });

  test("does not change a folder with other files", async () => {
    const other = mkdtempSync(join(path, "other-"));
    writeFileSync(join(other, "mine.txt"), "mine");
    const { code, stderr } = await run("npm", ["run", "-s", "assets", "--", other]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("contains other files")]);
    expect(readdirSync(other)).toEqual(["mine.txt"]);
    rmSync(other, { recursive: true });
  });

  test("writes a page without inline scripts, styles or URLs of other hosts", () => {
    const read = (name: string) => readFileSync(join(dir, name), "utf8");
    expect(read("docs.html")).not.toMatch(
      /<script(?![^>]* src="\/docs\/)|<style|\s(?:on\w+|style)=/,
    );
    for (const name of ["docs.html", "docs/docs.css", "docs/docs.js"]) {
      expect(read(name), name).not.toMatch(/(?:src|href|url\(|fetch\()[="'(]*(?:https?:)?\/\//);
    }
  });

  test("writes a small page: a phone loads it in one second", () => {
    const sizes = ["docs.html", "docs/docs.css", "docs/docs.js"].map((name) => {
      return gzipSync(readFileSync(join(dir, name))).length;
    });
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(40_000);
  });

  test("runs before the service starts, from any folder", async () => {
    const server = await startServer({
      stateDir: join(path, "state"),
      command: [process.execPath, join(PROJECT_DIR, "src/cli/start.ts")],
      cwd: path,
    });
    try {
      expect(await fetch(`${server.url}/docs`)).toMatchObject({ status: 200 });
    } finally {
      await server.stop();
    }
  });
});
