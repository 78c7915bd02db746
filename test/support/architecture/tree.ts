import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { SourceFile } from "typescript/unstable/ast";
import { API } from "typescript/unstable/async";
import { createVirtualFileSystem } from "typescript/unstable/fs";

/** Texts by path from the project's folder, such as `src/grants/password.ts`. */
export type Files = ReadonlyMap<string, string>;

/** One file of TypeScript or JavaScript, parsed. */
export interface Source {
  readonly path: string;
  /** Folder or file right below `src/`, such as `grants` or `app.ts`. */
  readonly part: string;
  readonly ast: SourceFile;
}

/** What a rule looks at. */
export interface Tree {
  readonly files: Files;
  /** The code below `src/`. */
  readonly src: readonly Source[];
}

/** Finds breaches, each as `path:line: what is wrong`. */
export type Rule = (tree: Tree) => readonly string[];

const CODE = /^src\/.*\.m?[jt]s$/;

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
      const src: Source[] = [];
      for (const [path] of codeOf(files)) {
        const ast = await program?.getSourceFile(inTree(index, path));
        if (ast === undefined) throw new Error(`${path} could not be parsed`);
        src.push({ path, part: partOf(path) ?? "", ast });
      }
      parsed.push({ files, src });
    }
    return parsed;
  } finally {
    await api.close();
  }
}

function codeOf(files: Files): [path: string, text: string][] {
  return [...files].filter(([path]) => CODE.test(path));
}

/** The part of `src/` that a path is in, or undefined when it is elsewhere. */
export function partOf(path: string): string | undefined {
  const [top, part] = path.split("/");
  return top === "src" ? part : undefined;
}

/** Reads every file that is committed, or would be. */
export function readFiles(projectDir: string): Files {
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const listed = execFileSync("git", list, { cwd: projectDir, encoding: "utf8" });
  const files = new Map<string, string>();
  for (const path of listed.split("\0").sort()) {
    const file = resolve(projectDir, path);
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    const text = readFileSync(file, "utf8");
    if (!text.includes("\0")) files.set(path, text);
  }
  return files;
}

function inTree(index: number, path: string): string {
  return `${VIRTUAL_DIR}/${index}/${path}`;
}
