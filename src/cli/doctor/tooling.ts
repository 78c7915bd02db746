import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { PROJECT_DIR } from "../project.ts";
import { type Check, failed, ok, warning } from "./check.ts";

/** Minimum version of Node for wrangler. */
const NODE_MAJOR_MIN = 22;

/** Checks the versions of Node and wrangler. */
export function checkTooling(): Check[] {
  const [wanted, found] = [
    versionIn("package.json"),
    versionIn("node_modules/wrangler/package.json"),
  ];
  const { node } = process.versions;
  const fix = "run it with npm, which uses the project's own Node: npm run -s cli -- doctor";
  return [
    Number.parseInt(node, 10) >= NODE_MAJOR_MIN
      ? ok("Node", node)
      : failed("Node", `${node} is older than ${NODE_MAJOR_MIN}`, fix),
    found === wanted
      ? ok("wrangler", found)
      : warning("wrangler", `${found} instead of ${wanted}`, "rm -rf node_modules, then npm start"),
  ];
}

function versionIn(path: string): string {
  const manifest = JSON.parse(readFileSync(resolve(PROJECT_DIR, path), "utf8")) as {
    version: string;
    devDependencies?: Readonly<Record<string, string>>;
  };
  const isOwn = path === "package.json";
  return (isOwn ? manifest.devDependencies?.["wrangler"] : manifest.version) ?? "none";
}
