import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type ESTree, type ParseResult, parseSync } from "vite";

/** Texts by path from the project's folder, such as `src/grants/password.ts`. */
export type Files = ReadonlyMap<string, string>;

/** One file of TypeScript or JavaScript, parsed. */
export interface Source {
  readonly path: string;
  /** Folder or file right below `src/`, such as `grants` or `app.ts`. */
  readonly part: string;
  readonly text: string;
  readonly program: ESTree.Program;
  readonly comments: ParseResult["comments"];
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

/** Parses the code among some files, with Vite's parser. */
export function parseTree(files: Files): Tree {
  const code = [...files].filter(([path]) => CODE.test(path));
  const src = code.map(([path, text]): Source => {
    const { program, comments, errors } = parseSync(path, text, { preserveParens: false });
    if (errors.length > 0) throw new Error(`${path} could not be parsed: ${errors[0]?.message}`);
    return { path, part: partOf(path) ?? "", text, program, comments };
  });
  return { files, src };
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
