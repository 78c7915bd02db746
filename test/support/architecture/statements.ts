import {
  type CallExpression,
  type Expression,
  type Node,
  NodeFlags,
} from "typescript/unstable/ast";
import * as is from "typescript/unstable/ast/is";
import { breach, nodesBelow } from "./code.ts";
import type { Rule, Source } from "./tree.ts";

/** What a database is called; the checks below know it by its name. */
const DATABASE = /(?:db|database|sql)$/i;
const QUERY = /^(?:prepare|exec)$/;

/**
 * SQL reaches the database as a literal in the file; values are bound to it.
 *
 * @param builders files that put a statement together, each with the reason why that is safe
 */
export function sqlIsFixed(builders: Readonly<Record<string, string>>): Rule {
  return ({ src }) => {
    return src
      .filter(({ path }) => !Object.hasOwn(builders, path))
      .flatMap((source) => {
        const nodes = [...nodesBelow(source.ast)];
        const called = new Set(nodes.filter(is.isCallExpression).map(calleeOf));
        return nodes.flatMap((node) => {
          const statement = sqlOf(node, source);
          if (statement !== undefined && !isFixed(statement, source)) {
            return [breach(source, node, "puts a statement of SQL together")];
          }
          const isPassedOn = isQuery(node, source) && !called.has(node as Expression);
          const isHidden = isPassedOn || isDoor(node, source);
          return isHidden ? [breach(source, node, "reaches SQL where no rule sees it")] : [];
        });
      });
  };
}

/** What is called, without brackets around it. */
function calleeOf({ expression }: CallExpression): Expression {
  let callee = expression;
  while (is.isParenthesizedExpression(callee)) callee = callee.expression;
  return callee;
}

/** The statement in `db.prepare(statement)`, `db.exec(statement)` or `sql.exec(statement)`. */
function sqlOf(node: Node, source: Source): Expression | undefined {
  if (!is.isCallExpression(node) || !isQuery(calleeOf(node), source)) return;
  return node.arguments[0];
}

/** Whether a node is `prepare` or `exec` of a database. Regular expressions have an `exec` too. */
function isQuery(node: Node, { ast }: Source): boolean {
  if (!is.isPropertyAccessExpression(node)) return false;
  const isDatabase = DATABASE.test(node.expression.getText(ast));
  return node.name.text === "prepare" || (node.name.text === "exec" && isDatabase);
}

/** Whether a node could lead to a query that {@link sqlOf} would not know for one. */
function isDoor(node: Node, { ast }: Source): boolean {
  if (is.isElementAccessExpression(node)) {
    const isNamed = /^["'`](?:prepare|exec)/.test(node.argumentExpression.getText(ast));
    return isNamed || DATABASE.test(node.expression.getText(ast));
  }
  if (is.isBindingElement(node))
    return QUERY.test((node.propertyName ?? node.name)?.getText(ast) ?? "");
  if (!is.isVariableDeclaration(node) || node.initializer === undefined) return false;
  const isRenamed = !DATABASE.test(node.name.getText(ast)) && is.isIdentifier(node.name);
  return isRenamed && /\.(?:sql|db)$/i.test(node.initializer.getText(ast));
}

function isFixed(node: Expression, source: Source): boolean {
  if (is.isStringLiteral(node) || is.isNoSubstitutionTemplateLiteral(node)) return true;
  if (is.isTemplateExpression(node)) {
    return node.templateSpans.every(({ expression }) => isFixed(expression, source));
  }
  if (is.isBinaryExpression(node)) return isFixed(node.left, source) && isFixed(node.right, source);
  if (!is.isIdentifier(node) || isNamedTwice(node.text, source)) return false;
  const constants = source.ast.statements.filter(is.isVariableStatement);
  return constants
    .filter(({ declarationList }) => (declarationList.flags & NodeFlags.Const) !== 0)
    .flatMap((statement) => statement.declarationList.declarations)
    .some(({ name, initializer }) => {
      const isIt = is.isIdentifier(name) && name.text === node.text;
      return isIt && initializer !== undefined && isFixed(initializer, source);
    });
}

/** Whether a parameter or a variable hides a constant of its name somewhere in the file. */
function isNamedTwice(name: string, { ast }: Source): boolean {
  const names = [...nodesBelow(ast)].filter((node) => {
    const isName =
      is.isVariableDeclaration(node) ||
      is.isParameterDeclaration(node) ||
      is.isBindingElement(node);
    return isName && node.name?.getText(ast) === name;
  });
  return names.length > 1;
}
