import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const PROJECT = resolve(import.meta.dirname, "../../..");
const RULES = "test/support/architecture/places.grit";

interface Report {
  readonly diagnostics: readonly {
    readonly category: string;
    readonly message: string;
    readonly location: { readonly path: string };
  }[];
}

/** The messages of the rules in `places.grit`. */
export function placeRules(): string[] {
  const text = readFileSync(resolve(PROJECT, RULES), "utf8");
  return [...new Set(text.match(/(?<=message=")[^"]+/g))];
}

/** For each sample, what `places.grit` says of it with the configuration of the project. */
export function lint(samples: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-places-"));
  try {
    cpSync(resolve(PROJECT, RULES), join(folder, RULES));
    cpSync(resolve(PROJECT, "biome.json"), join(folder, "biome.json"));
    const paths = samples.map((sample, index) => {
      const [path = "", code = ""] = sample.split(/: (.*)/s, 2);
      const own = path.replace(/\/a\.ts$/, `/${index}.ts`);
      mkdirSync(join(folder, dirname(own)), { recursive: true });
      writeFileSync(join(folder, own), code, { flag: "wx" });
      return own;
    });
    const biome = resolve(PROJECT, "node_modules/.bin/biome");
    const words = ["lint", "--vcs-enabled=false", "--reporter=json", "--max-diagnostics=none"];
    const { stdout } = spawnSync(biome, words, { cwd: folder, encoding: "utf8" });
    const { diagnostics }: Report = JSON.parse(stdout);
    const found = diagnostics.filter(({ category }) => category === "plugin");
    return paths.map((path) => {
      const here = found.filter(({ location }) => location.path === path);
      return [...new Set(here.map(({ message }) => message))];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
