import { type ESTree, Visitor } from "vite";
import { breach, textOf } from "./code.ts";
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
  return ({ src }) => src.filter(({ path }) => !Object.hasOwn(builders, path)).flatMap(breachesOf);
}

function breachesOf(source: Source): string[] {
  const breaches: string[] = [];
  const called = new Set<ESTree.Node>();
  const hidden = (node: ESTree.Node) => {
    breaches.push(breach(source, node, "reaches SQL where no rule sees it"));
  };
  const visitor = new Visitor({
    CallExpression(node) {
      called.add(node.callee);
      const [statement] = node.arguments;
      if (statement === undefined || !isQuery(node.callee, source)) return;
      if (isFixed(statement, source)) return;
      breaches.push(breach(source, node, "puts a statement of SQL together"));
    },
    MemberExpression(node) {
      const isPassedOn = isQuery(node, source) && !called.has(node);
      if (isPassedOn || isComputedDoor(node, source)) hidden(node);
    },
    ObjectPattern({ properties }) {
      for (const property of properties) {
        if (property.type === "Property" && QUERY.test(textOf(source, property.key))) {
          hidden(property);
        }
      }
    },
    VariableDeclarator(node) {
      if (node.init === null || node.id.type !== "Identifier") return;
      const isRenamed = !DATABASE.test(node.id.name);
      if (isRenamed && /\.(?:sql|db)$/i.test(textOf(source, node.init))) hidden(node);
    },
  });
  visitor.visit(source.program);
  return breaches;
}

/** Whether a node is `prepare` or `exec` of a database. Regular expressions have an `exec` too. */
function isQuery(node: ESTree.Node, source: Source): boolean {
  if (node.type !== "MemberExpression" || node.property.type !== "Identifier") return false;
  if (node.computed) return false;
  const isDatabase = DATABASE.test(textOf(source, node.object));
  return node.property.name === "prepare" || (node.property.name === "exec" && isDatabase);
}

/** Whether a member in brackets could be a query that {@link isQuery} would not know for one. */
function isComputedDoor(node: ESTree.MemberExpression, source: Source): boolean {
  if (!node.computed) return false;
  const isNamed = /^["'`](?:prepare|exec)/.test(textOf(source, node.property));
  return isNamed || DATABASE.test(textOf(source, node.object));
}

function isFixed(node: ESTree.Node, source: Source): boolean {
  if (node.type === "Literal") return typeof node.value === "string";
  if (node.type === "TemplateLiteral") {
    return node.expressions.every((expression) => isFixed(expression, source));
  }
  if (node.type === "BinaryExpression") {
    return isFixed(node.left, source) && isFixed(node.right, source);
  }
  if (node.type !== "Identifier" || isNamedTwice(node.name, source)) return false;
  return source.program.body
    .map((one) => (one.type === "ExportNamedDeclaration" ? one.declaration : one))
    .flatMap((one) => {
      return one?.type === "VariableDeclaration" && one.kind === "const" ? one.declarations : [];
    })
    .some(({ id, init }) => {
      const isIt = id.type === "Identifier" && id.name === node.name;
      return isIt && init !== null && isFixed(init, source);
    });
}

/** Whether a parameter or a variable hides a constant of its name somewhere in the file. */
function isNamedTwice(name: string, { program }: Source): boolean {
  const bound: (ESTree.Node | null)[] = [];
  const bindParams = ({ params }: { params: readonly ESTree.Node[] }) => {
    bound.push(...params);
  };
  const visitor = new Visitor({
    VariableDeclarator: ({ id }) => void bound.push(id),
    FunctionDeclaration: bindParams,
    FunctionExpression: bindParams,
    ArrowFunctionExpression: bindParams,
    CatchClause: ({ param }) => void bound.push(param),
    ObjectPattern({ properties }) {
      bound.push(...properties.map((one) => (one.type === "Property" ? one.value : one)));
    },
    ArrayPattern: ({ elements }) => void bound.push(...elements),
    AssignmentPattern: ({ left }) => void bound.push(left),
    RestElement: ({ argument }) => void bound.push(argument),
    TSParameterProperty: ({ parameter }) => void bound.push(parameter),
  });
  visitor.visit(program);
  return bound.filter((node) => node?.type === "Identifier" && node.name === name).length > 1;
}
