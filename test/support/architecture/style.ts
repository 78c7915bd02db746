import type { ESTree } from "vite";
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
    return source.program.body.flatMap((node) => {
      const isNamed = node.type === "ExportNamedDeclaration";
      if (!isNamed && node.type !== "ExportDefaultDeclaration") return [];
      if (isNamed && node.source !== null) return [];
      if (node.declaration === null) {
        return [breach(source, node, "exports apart from the declaration")];
      }
      if (hasDocRightAbove(source, node)) return [];
      return [breach(source, node, "is exported without a doc comment right above it")];
    });
  });
};

function hasDocRightAbove({ text, comments }: Source, node: ESTree.Node): boolean {
  const above = comments.findLast(({ end }) => end <= node.start);
  const isDoc = above?.type === "Block" && above.value.startsWith("*");
  return isDoc && /^[^\S\n]*\n?[^\S\n]*$/.test(text.slice(above.end, node.start));
}
