import type { Expression, Node } from "typescript/unstable/ast";
import * as is from "typescript/unstable/ast/is";
import { breach, nodesBelow } from "./code.ts";
import type { Rule, Source } from "./tree.ts";

/**
 * SQL reaches the database as a text that stands in the file; values are bound to it.
 *
 * @param parts that have a database at all
 * @param builders files that put a statement together, each with the reason why that is safe
 */
export function sqlIsFixed(
  parts: readonly string[],
  builders: Readonly<Record<string, string>>,
): Rule {
  return ({ src }) => {
    return src
      .filter(({ path, part = "" }) => parts.includes(part) && !Object.hasOwn(builders, path))
      .flatMap((source) => {
        return [...nodesBelow(source.ast)].flatMap((node) => {
          const statement = sqlOf(node, source);
          if (statement === undefined || isFixed(statement, source)) return [];
          return [breach(source, node, "puts a statement of SQL together")];
        });
      });
  };
}

/** The statement in `db.prepare(statement)`, `db.exec(statement)` or `sql.exec(statement)`. */
function sqlOf(node: Node, { ast }: Source): Expression | undefined {
  if (!is.isCallExpression(node) || !is.isPropertyAccessExpression(node.expression)) return;
  const { name, expression: object } = node.expression;
  // Regular expressions have an `exec` too.
  const isDatabase = /(?:db|database|sql)$/i.test(object.getText(ast));
  const isQuery = name.text === "prepare" || (name.text === "exec" && isDatabase);
  return isQuery ? node.arguments[0] : undefined;
}

function isFixed(node: Expression, source: Source): boolean {
  if (is.isStringLiteral(node) || is.isNoSubstitutionTemplateLiteral(node)) return true;
  if (is.isTemplateExpression(node)) {
    return node.templateSpans.every(({ expression }) => isFixed(expression, source));
  }
  if (is.isBinaryExpression(node)) return isFixed(node.left, source) && isFixed(node.right, source);
  if (!is.isIdentifier(node)) return false;
  const constants = source.ast.statements.filter(is.isVariableStatement);
  return constants
    .flatMap((statement) => statement.declarationList.declarations)
    .some(({ name, initializer }) => {
      const isIt = is.isIdentifier(name) && name.text === node.text;
      return isIt && initializer !== undefined && isFixed(initializer, source);
    });
}

/** The table from reasons to wire errors has a type by which the compiler misses no reason. */
export function tableIsExhaustive(path: string, type: string): Rule {
  return ({ src }) => {
    const source = src.find((candidate) => candidate.path === path);
    if (source === undefined) return [];
    const isTable = (node: Node) => {
      if (!is.isVariableDeclaration(node) || node.type?.getText(source.ast) !== type) return false;
      return node.initializer !== undefined && is.isObjectLiteralExpression(node.initializer);
    };
    const hasTable = [...nodesBelow(source.ast)].some(isTable);
    return hasTable ? [] : [`${path}:1: has no table of type ${type}`];
  };
}
