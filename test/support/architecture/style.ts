import { type Node, SyntaxKind } from "typescript/unstable/ast";
import * as is from "typescript/unstable/ast/is";
import { breach, lineAt, nodesBelow } from "./code.ts";
import type { Rule, Source } from "./tree.ts";

const SRC_CODE = /^src\/.*\.(?:m?[jt]s|sql)$/;

/** A file has at most so many lines. */
export function fileLinesMost(max: number): Rule {
  return ({ files }) => {
    return [...files]
      .map(([path, text]) => ({ path, lines: text.trimEnd().split("\n").length }))
      .filter(({ path, lines }) => SRC_CODE.test(path) && lines > max)
      .map(({ path, lines }) => `${path}:${lines}: is longer than ${max} lines`);
  };
}

/** A function has at most so many lines, those of the functions inside it included. */
export function functionLinesMost(max: number): Rule {
  return ({ src }) => {
    return src.flatMap((source) => {
      return [...nodesBelow(source.ast)]
        .filter((node) => isFunction(node) && linesOf(source, node) > max)
        .map((node) => breach(source, node, `a function is longer than ${max} lines`));
    });
  };
}

function isFunction(node: Node): boolean {
  const isExpression = is.isArrowFunction(node) || is.isFunctionExpression(node);
  const isMember = is.isMethodDeclaration(node) || is.isConstructorDeclaration(node);
  return isExpression || isMember || is.isFunctionDeclaration(node);
}

function linesOf(source: Source, node: Node): number {
  return lineAt(source, node.end) - lineAt(source, node.getStart(source.ast)) + 1;
}

/** No line of code matches. */
export function noLine(pattern: RegExp, says: string): Rule {
  return ({ files }) => {
    return [...files]
      .filter(([path]) => SRC_CODE.test(path))
      .flatMap(([path, text]) => {
        return text
          .split("\n")
          .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${says}`] : []));
      });
  };
}

/** Nothing has the type `any`. */
export const noAny: Rule = ({ src }) => {
  return src.flatMap((source) => {
    return [...nodesBelow(source.ast)]
      .filter(({ kind }) => kind === SyntaxKind.AnyKeyword)
      .map((node) => breach(source, node, "has the type any"));
  });
};

/** What a file exports it declares on the spot, right below a doc comment. */
export const exportsAreDocumented: Rule = ({ src }) => {
  return src.flatMap((source) => {
    return source.ast.statements.flatMap((node) => {
      if (is.isExportDeclaration(node)) {
        const isReexport = node.moduleSpecifier !== undefined;
        return isReexport ? [] : [breach(source, node, "exports apart from the declaration")];
      }
      if (!isExported(node) || hasDocRightAbove(source, node)) return [];
      return [breach(source, node, "is exported without a doc comment right above it")];
    });
  });
};

function isExported(node: Node): boolean {
  const { modifiers } = node as { modifiers?: readonly Node[] };
  return modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword) ?? false;
}

function hasDocRightAbove({ ast }: Source, node: Node): boolean {
  const doc = node.jsDoc?.at(-1);
  return (
    doc !== undefined && /^[^\S\n]*\n?[^\S\n]*$/.test(ast.text.slice(doc.end, node.getStart(ast)))
  );
}
