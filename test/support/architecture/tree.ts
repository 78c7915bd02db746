import { execFileSync } from "node:child_process";
import { globSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { SourceFile } from "typescript/unstable/ast";
import { API } from "typescript/unstable/async";
import { createVirtualFileSystem } from "typescript/unstable/fs";

/** Texts by path from the project's folder, such as `src/grants/password.ts`. */
export type Files = ReadonlyMap<string, string>;

/** One file of TypeScript or JavaScript, parsed. */
export interface Source {
  readonly path: string;
  /** Folder or file right below `src/`, such as `grants` or `app.ts`; undefined outside `src/`. */
  readonly part: string | undefined;
  readonly ast: SourceFile;
}

/** What a rule looks at. */
export interface Tree {
  readonly files: Files;
  /** Every file that is code, tests and configuration included. */
  readonly sources: readonly Source[];
  /** Those below `src/`. */
  readonly src: readonly Source[];
}

/** Finds breaches, each as `path:line: what is wrong`. */
export type Rule = (tree: Tree) => readonly string[];

const CODE = /\.m?[jt]s$/;

/** Where the compiler believes the files to be; it never looks at the disk. */
const VIRTUAL_DIR = "/tree";

const COMPILER_OPTIONS = { allowJs: true, noLib: true, noResolve: true, types: [] };

/** Parses the code among some files, with the project's own compiler. */
export async function parseTree(files: Files): Promise<Tree> {
  const [tree] = await parseTrees([files]);
  return tree as Tree;
}

/** As {@link parseTree}, for many trees in one start of the compiler. */
export async function parseTrees(trees: readonly Files[]): Promise<Tree[]> {
  const config = `${VIRTUAL_DIR}/tsconfig.json`;
  const compilerFiles: Record<string, string> = {
    [config]: JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ["."] }),
  };
  for (const [index, files] of trees.entries()) {
    for (const [path, text] of codeOf(files)) compilerFiles[inTree(index, path)] = text;
  }
  const api = new API({ cwd: VIRTUAL_DIR, fs: createVirtualFileSystem(compilerFiles) });
  try {
    const snapshot = await api.updateSnapshot({ openProjects: [config] });
    const program = snapshot.getProject(config)?.program;
    const parsed: Tree[] = [];
    for (const [index, files] of trees.entries()) {
      const sources: Source[] = [];
      for (const [path] of codeOf(files)) {
        const ast = await program?.getSourceFile(inTree(index, path));
        if (ast === undefined) throw new Error(`${path} could not be parsed`);
        sources.push({ path, part: partOf(path), ast });
      }
      parsed.push({ files, sources, src: sources.filter(({ part }) => part !== undefined) });
    }
    return parsed;
  } finally {
    await api.close();
  }
}

/** The compiler passes over folders that begin with a dot. */
function codeOf(files: Files): [path: string, text: string][] {
  return [...files].filter(([path]) => CODE.test(path) && !path.startsWith("."));
}

/** The part of `src/` that a path is in, or undefined when it is elsewhere. */
export function partOf(path: string): string | undefined {
  const [top, part] = path.split("/");
  return top === "src" ? part : undefined;
}

/** Reads every file that is committed, or would be. */
export function readFiles(projectDir: string): Files {
  const files = new Map<string, string>();
  for (const path of listPaths(projectDir).sort()) {
    const text = readFileSync(resolve(projectDir, path), "utf8");
    if (!text.includes("\0")) files.set(path, text);
  }
  return files;
}

/** Asks git, which knows what is ignored; an unpacked archive has no git, and is walked. */
function listPaths(projectDir: string): string[] {
  const isFile = (path: string) => {
    return statSync(resolve(projectDir, path), { throwIfNoEntry: false })?.isFile() ?? false;
  };
  return (askGit(projectDir) ?? walk(projectDir)).filter(isFile);
}

function askGit(projectDir: string): string[] | null {
  try {
    const listed = execFileSync(
      "git",
      ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
      { cwd: projectDir, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
    return listed.split("\0").filter((path) => path !== "");
  } catch {
    return null;
  }
}

/** Everything but what is ignored and files whose names begin with a dot. */
function walk(projectDir: string): string[] {
  const ignored = ["node_modules", "dist", "*.log"];
  const exclude = ignored.map((name) => `**/${name}`);
  return globSync("**/*", { cwd: projectDir, exclude }).map((path) => path.replaceAll("\\", "/"));
}

function inTree(index: number, path: string): string {
  return `${VIRTUAL_DIR}/${index}/${path}`;
}
