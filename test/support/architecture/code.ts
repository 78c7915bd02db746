import { posix } from "node:path";
import { type ImportClause, type Node, SyntaxKind } from "typescript/unstable/ast";
import * as is from "typescript/unstable/ast/is";
import type { Source } from "./tree.ts";

/** One `import`, `export ... from`, `import()` or `typeof import()`. */
export interface Import {
  readonly node: Node;
  /** As written, such as `hono` or `../tokens/family.ts`. */
  readonly module: string;
  /** Path of the imported file, or null for a package. */
  readonly path: string | null;
  /** Imported names; `*` when it is all of them, or when the module is only run. */
  readonly names: readonly string[];
}

/** Words a breach: where it is and what is wrong. */
export function breach(source: Source, node: Node, says: string): string {
  return `${source.path}:${lineAt(source, node.getStart(source.ast))}: ${says}`;
}

/** Line of a position, counted from 1. */
function lineAt({ ast }: Source, position: number): number {
  return ast.getLineAndCharacterOfPosition(position).line + 1;
}

/** A node and all below it. Doc comments are not among them. */
export function* nodesBelow(node: Node): Generator<Node> {
  yield node;
  const children: Node[] = [];
  node.forEachChild((child) => {
    children.push(child);
  });
  for (const child of children) yield* nodesBelow(child);
}

/** Reads something of each file once: many rules ask for it. */
function oncePerSource<Value>(read: (source: Source) => Value): (source: Source) => Value {
  const known = new WeakMap<Source, Value>();
  return (source) => {
    const value = known.get(source) ?? read(source);
    known.set(source, value);
    return value;
  };
}

const nodesOf = oncePerSource((source) => [...nodesBelow(source.ast)]);

/** Every import of a file. */
export const importsOf = oncePerSource((source): Import[] => {
  return nodesOf(source).flatMap((node) => {
    const read = readImport(node);
    if (read === null) return [];
    const { specifier, names } = read;
    const module = is.isStringLiteral(specifier) ? specifier.text : specifier.getText(source.ast);
    const path = module.startsWith(".") ? posix.join(posix.dirname(source.path), module) : null;
    return [{ node, module, path, names }];
  });
});

interface ReadImport {
  readonly specifier: Node;
  readonly names: readonly string[];
}

function readImport(node: Node): ReadImport | null {
  if (is.isImportDeclaration(node)) {
    const clause = node.importClause;
    const names = clause === undefined ? ["*"] : clauseNames(clause);
    return { specifier: node.moduleSpecifier, names };
  }
  if (is.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    const names = node.exportClause === undefined ? ["*"] : bindingNames(node.exportClause);
    return { specifier: node.moduleSpecifier, names };
  }
  if (is.isImportTypeNode(node)) {
    const specifier = is.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument;
    return { specifier, names: ["*"] };
  }
  if (is.isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
    return { specifier: node.arguments[0] ?? node, names: ["*"] };
  }
  return null;
}

function clauseNames({ name, namedBindings }: ImportClause): string[] {
  return [...(name === undefined ? [] : ["default"]), ...bindingNames(namedBindings)];
}

function bindingNames(bindings: Node | undefined): string[] {
  if (bindings === undefined) return [];
  if (!is.isNamedImports(bindings) && !is.isNamedExports(bindings)) return ["*"];
  return bindings.elements.map(({ propertyName, name }) => (propertyName ?? name).text);
}
