import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { PROJECT_DIR } from "../project.ts";
import { type Check, failed, ok, warning } from "./check.ts";

/** Oldest Node that wrangler runs on. */
const NODE_MAJOR_MIN = 22;

/** Node and wrangler are those that the project was tested with. */
export function checkTooling(): Check[] {
  const [wanted, found] = [
    versionIn("package.json"),
    versionIn("node_modules/wrangler/package.json"),
  ];
  const { node } = process.versions;
  const cure = "run through npm, which puts the project's own Node first: npm run -s cli -- doctor";
  return [
    Number.parseInt(node, 10) >= NODE_MAJOR_MIN
      ? ok("Node", node)
      : failed("Node", `${node}, which is older than ${NODE_MAJOR_MIN}`, cure),
    found === wanted
      ? ok("wrangler", found)
      : warning("wrangler", `${found}, and not ${wanted}`, "rm -rf node_modules, and start again"),
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
