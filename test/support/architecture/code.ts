import { posix } from "node:path";
import { type ESTree, Visitor } from "vite";
import type { Source } from "./tree.ts";

/** One `import`, `export ... from`, `import()` or `typeof import()`. */
export interface Import {
  readonly node: ESTree.Node;
  /** As written, such as `hono` or `../tokens/family.ts`. */
  readonly module: string;
  /** Path of the imported file, or null for a package. */
  readonly path: string | null;
  /** Imported names; `*` when it is all of them, or when the module is only run. */
  readonly names: readonly string[];
}

/** Words a breach: where it is and what is wrong. */
export function breach(source: Source, node: ESTree.Node, says: string): string {
  return `${source.path}:${lineOf(source, node)}: ${says}`;
}

/** Line of a node, counted from 1. */
export function lineOf({ text }: Source, { start }: ESTree.Node): number {
  return text.slice(0, start).split("\n").length;
}

/** A node as it is written. */
export function textOf({ text }: Source, { start, end }: ESTree.Node): string {
  return text.slice(start, end);
}

/** Every import of a file. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const add = (node: ESTree.Node, specifier: ESTree.Node, names: readonly string[]) => {
    const isText = specifier.type === "Literal" && typeof specifier.value === "string";
    const module = isText ? `${specifier.value}` : textOf(source, specifier);
    const path = module.startsWith(".") ? posix.join(posix.dirname(source.path), module) : null;
    found.push({ node, module, path, names: names.length > 0 ? names : ["*"] });
  };
  const visitor = new Visitor({
    ImportDeclaration: (node) => add(node, node.source, node.specifiers.map(importedName)),
    ExportAllDeclaration: (node) => add(node, node.source, []),
    ExportNamedDeclaration(node) {
      if (node.source === null) return;
      add(
        node,
        node.source,
        node.specifiers.map(({ local }) => exportName(local)),
      );
    },
    ImportExpression: (node) => add(node, node.source, []),
    TSImportType: (node) => add(node, node.source, []),
  });
  visitor.visit(source.program);
  return found;
}

function importedName(specifier: ESTree.ImportDeclarationSpecifier): string {
  if (specifier.type === "ImportSpecifier") return exportName(specifier.imported);
  return specifier.type === "ImportDefaultSpecifier" ? "default" : "*";
}

function exportName(name: ESTree.ModuleExportName): string {
  return name.type === "Literal" ? name.value : name.name;
}
