/**
 * `npm run bench -- startup`: what an isolate does before its first request, as counts that do not
 * depend on the machine.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { BUILD_FACTS, BUILT_MODULE, buildWorker } from "../test/support/workerd-options.ts";

/** The part of esbuild's metafile that is read here. */
interface BuildFacts {
  readonly inputs: Readonly<
    Record<string, { imports: readonly { readonly path: string; readonly kind: string }[] }>
  >;
  readonly outputs: Readonly<
    Record<string, { entryPoint?: string; inputs: Record<string, { bytesInOutput: number }> }>
  >;
}

/** Builds the Worker as a deployment does and prints its modules and bytes. */
export function printStartUp(): void {
  const workerDir = mkdtempSync(join(tmpdir(), "tollgate-startup-"));
  try {
    buildWorker(workerDir);
    const facts = JSON.parse(readFileSync(join(workerDir, BUILD_FACTS), "utf8")) as BuildFacts;
    const code = readFileSync(join(workerDir, BUILT_MODULE));
    const output = Object.values(facts.outputs).find(({ entryPoint }) => entryPoint !== undefined);
    const bytes = Object.entries(output?.inputs ?? {})
      .map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const)
      .filter(([, length]) => length > 0);
    const evaluated = evaluatedAtStart(output?.entryPoint ?? "", facts.inputs);
    const modules = bytes.filter(([path]) => evaluated.has(path)).length;
    console.log(`modules evaluated: ${modules} of ${bytes.length}`);
    console.log(`bytes parsed: ${code.length}, compressed ${gzipSync(code).length}\n`);
    console.log("| part | modules | bytes |\n| --- | --- | --- |");
    for (const [part, lengths] of byPart(bytes)) {
      console.log(`| ${part} | ${lengths.length} | ${sum(lengths)} |`);
    }
  } finally {
    rmSync(workerDir, { recursive: true, force: true });
  }
}

/** What the entry imports, directly or not. A dynamic import is evaluated when it is reached. */
function evaluatedAtStart(entry: string, inputs: BuildFacts["inputs"]): ReadonlySet<string> {
  const found = new Set([entry]);
  for (const path of found) {
    for (const { path: imported, kind } of inputs[path]?.imports ?? []) {
      if (kind !== "dynamic-import") found.add(imported);
    }
  }
  return found;
}

/** Lengths of the modules of each folder of `src` and of each package, the largest part first. */
function byPart(bytes: readonly (readonly [string, number])[]): [string, number[]][] {
  const parts = new Map<string, number[]>();
  for (const [path, length] of bytes) {
    const part =
      /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? /src\/[^/]+/.exec(path)?.[0];
    const name = part ?? "other";
    parts.set(name, [...(parts.get(name) ?? []), length]);
  }
  return [...parts].sort(([, one], [, other]) => sum(other) - sum(one));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
