import type { Files, Rule } from "./tree.ts";

type Versions = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
}

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
}

const KINDS = ["dependencies", "devDependencies"] as const;
const EXACT = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;
const STRONG_HASH = /^sha512-[\w+/]{86}==$/;

/** A package is one version: what was tested is what is always installed. */
export const versionsAreExact: Rule = ({ files }) => {
  const manifest: Manifest = parsed(files, "package.json") ?? {};
  return KINDS.flatMap((kind) => {
    return Object.entries(manifest[kind] ?? {})
      .filter(([, version]) => !EXACT.test(version))
      .map(([name, version]) => `package.json:1: ${name} is not pinned: ${version}`);
  });
};

/** The lockfile knows every package by its hash, and is the lockfile of this package.json. */
export const lockfileIsWhole: Rule = ({ files }) => {
  const manifest: Manifest | null = parsed(files, "package.json");
  const lockfile = parsed<{ packages: Record<string, Locked & Manifest> }>(
    files,
    "package-lock.json",
  );
  if (lockfile === null) return [];
  const { "": root = {}, ...installed } = lockfile.packages;
  const unhashed = Object.entries(installed)
    .filter(([, { integrity = "" }]) => !STRONG_HASH.test(integrity))
    .map(([path]) => `${path} has no hash`);
  const differing = KINDS.filter((kind) => !isSame(manifest?.[kind], root[kind]));
  const foreign = KINDS.flatMap((kind) => Object.entries(root[kind] ?? {}))
    .filter(([name, version]) => installed[`node_modules/${name}`]?.version !== version)
    .map(([name]) => `${name} is locked to another version`);
  return [
    ...unhashed,
    ...differing.map((kind) => `its ${kind} are not those of package.json`),
    ...foreign,
  ].map((problem) => `package-lock.json:1: ${problem}`);
};

function parsed<Content>(files: Files, path: string): Content | null {
  const text = files.get(path);
  return text === undefined ? null : JSON.parse(text);
}

function isSame(one: Versions = {}, other: Versions = {}): boolean {
  const sorted = (versions: Versions) => JSON.stringify(Object.entries(versions).sort());
  return sorted(one) === sorted(other);
}
