import { importsOf, lineAt } from "./code.ts";
import type { Files, Rule, Source } from "./tree.ts";

/** Modules of the platform: nothing that npm installs. */
const PLATFORM = /^(?:node|cloudflare):/;

/** What is imported is declared, and what the deployed Worker runs on is no tool of development. */
export const packagesAreDeclared: Rule = ({ files, sources, src }) => {
  const manifest = files.get("package.json");
  if (manifest === undefined) return [];
  const { name: ownName, dependencies = {}, devDependencies = {} } = JSON.parse(manifest);
  const inWorker = reachable("src/index.ts", src);
  const undeclared = sources.flatMap((source) => {
    return packagesOf(source).flatMap(({ name, line, isTypeOnly }) => {
      const isRuntime = inWorker.has(source.path) && !isTypeOnly;
      if (Object.hasOwn(dependenciesOf(source.path, files), name)) return [];
      if (name === ownName || Object.hasOwn(dependencies, name)) return [];
      if (Object.hasOwn(devDependencies, name) && !isRuntime) return [];
      const where = isRuntime ? "dependencies" : "package.json";
      return [`${source.path}:${line}: ${name} is missing in ${where}`];
    });
  });
  const used = new Set(src.flatMap((source) => packagesOf(source).map(({ name }) => name)));
  const unused = Object.keys(dependencies).filter((name) => !used.has(name));
  return [...undeclared, ...unused.map((name) => `package.json:1: src never imports ${name}`)];
};

/** Of the manifest in a file's own folder, which is installed apart. */
function dependenciesOf(path: string, files: Files): Readonly<Record<string, string>> {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const manifest = folder === "" ? undefined : files.get(`${folder}package.json`);
  return manifest === undefined ? {} : (JSON.parse(manifest).dependencies ?? {});
}

function packagesOf(source: Source): { name: string; line: number; isTypeOnly: boolean }[] {
  return importsOf(source)
    .filter(({ path, module }) => path === null && !PLATFORM.test(module))
    .map(({ module, node, isTypeOnly }) => {
      const name = module.split("/", module.startsWith("@") ? 2 : 1).join("/");
      return { name, line: lineAt(source, node.getStart(source.ast)), isTypeOnly };
    });
}

/** Paths of a file and of all that it imports, directly or not, to run it. */
function reachable(entry: string, src: readonly Source[]): ReadonlySet<string> {
  const byPath = new Map(src.map((source) => [source.path, source]));
  const paths = new Set([entry]);
  for (const path of paths) {
    const source = byPath.get(path);
    for (const found of source === undefined ? [] : importsOf(source)) {
      if (found.path !== null && !found.isTypeOnly) paths.add(found.path);
    }
  }
  return paths;
}

/** A folder of a developer's machine, in any text. */
const MACHINE_PATH = /(?<![\w.])(?:\/(?:work|root|home|Users)\/|[A-Z]:\\Users\\)\w/;

/** No committed file names a path that only its author has. */
export const nothingIsLocal: Rule = ({ files }) => {
  return [...linesOf(files)]
    .filter(({ line }) => MACHINE_PATH.test(line))
    .map(({ path, number }) => `${path}:${number}: names a path of one machine`);
};

/** Packages come from npm's own registry. */
export const registryIsDefault: Rule = ({ files }) => {
  const isForeign = /(?:"resolved": "|registry\s*=\s*)(?!https:\/\/registry\.npmjs\.org\/)/;
  return [...linesOf(files)]
    .filter(
      ({ path, line }) => /(?:package-lock\.json|\.npmrc)$/.test(path) && isForeign.test(line),
    )
    .map(({ path, number }) => `${path}:${number}: names another registry`);
};

function* linesOf(files: Files): Generator<{ path: string; line: string; number: number }> {
  for (const [path, text] of files) {
    for (const [index, line] of text.split("\n").entries()) yield { path, line, number: index + 1 };
  }
}
