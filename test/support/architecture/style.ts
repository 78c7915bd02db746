import { type Node, SyntaxKind } from "typescript/unstable/ast";
import * as is from "typescript/unstable/ast/is";
import { breach } from "./code.ts";
import type { Rule, Source } from "./tree.ts";

/** No line of the files matches. */
export function noLine(pattern: RegExp, says: string, paths = /^src\/.*\.(?:m?[jt]s|sql)$/): Rule {
  return ({ files }) => {
    return [...files]
      .filter(([path]) => paths.test(path))
      .flatMap(([path, text]) => {
        return text
          .split("\n")
          .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${says}`] : []));
      });
  };
}

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
