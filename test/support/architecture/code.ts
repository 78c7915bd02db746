import { posix } from "node:path";
import { type Identifier, type ImportClause, type Node, SyntaxKind } from "typescript/unstable/ast";
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
export function lineAt({ ast }: Source, position: number): number {
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

/** Every name in a file, whatever it names: types, values, properties. Not inside texts. */
export const identifiersOf = oncePerSource((source): Identifier[] => {
  return nodesOf(source).filter((node) => is.isIdentifier(node));
});

/** A name used as a value, with the members read from it, such as `crypto.subtle.digest`. */
interface ValueUse {
  readonly node: Node;
  readonly dotted: string;
}

/** Every use of a name as a value. Types, declarations, imports and member names are none. */
export const valueUsesOf = oncePerSource((source): ValueUse[] => {
  return identifiersOf(source)
    .filter((node) => !isName(node) && !isInType(node))
    .map((node) => ({ node, dotted: dottedFrom(node).replace(/^(?:globalThis|self)\./, "") }));
});

/** Whether an identifier gives something its name instead of using what has it. */
function isName(node: Identifier): boolean {
  const { parent } = node;
  if (is.isShorthandPropertyAssignment(parent)) return false;
  const { name, propertyName } = parent as { name?: Node; propertyName?: Node };
  return name === node || propertyName === node;
}

function isInType(node: Node): boolean {
  const { parent } = node;
  if (parent === undefined || is.isExpressionStatement(parent)) return false;
  // `class X extends Y` is parsed like a type but runs Y.
  if (is.isExpressionWithTypeArguments(parent)) return !isSuperclass(parent);
  return is.isTypeNode(parent) || isInType(parent);
}

function isSuperclass({ parent: clause }: Node): boolean {
  if (!is.isHeritageClause(clause) || clause.token !== SyntaxKind.ExtendsKeyword) return false;
  return !is.isInterfaceDeclaration(clause.parent);
}

function dottedFrom(node: Identifier): string {
  let dotted = node.text;
  for (let at: Node = node; is.isPropertyAccessExpression(at.parent); at = at.parent) {
    if (at.parent.expression !== at) break;
    dotted += `.${at.parent.name.text}`;
  }
  return dotted;
}
