import { type Node, SyntaxKind, type VariableDeclaration } from "typescript/unstable/ast";
import * as is from "typescript/unstable/ast/is";
import { breach, nodesBelow } from "./code.ts";
import type { Rule, Source, Tree } from "./tree.ts";

/** A folder of which each file adds one member to a list in its `index.ts`. */
interface MemberList {
  readonly folder: string;
  /** Type of a member. */
  readonly type: string;
  /** Name of the list. */
  readonly list: string;
  /** Property of a member that holds its word or words of the wire. */
  readonly property: string;
  /** Name of the list of those words in `protocol/names.ts`, where the words are not the members' own. */
  readonly words?: string;
}

/** Every member is in its list and in a file of its own, and its words are the protocol's. */
export function listsAreWhole(kind: MemberList): Rule {
  return (tree) => {
    const members = membersOf(tree, kind);
    const listed = textsOf(constant(tree, `src/${kind.folder}/index.ts`, kind.list));
    const words =
      kind.words === undefined
        ? null
        : textsOf(constant(tree, "src/protocol/names.ts", kind.words));
    const served = members.flatMap((member) => member.words);
    return [
      ...members.flatMap((member) => problemsOf(member, members, kind, listed, words)),
      ...(words ?? [])
        .filter((word) => !served.includes(word))
        .map((word) => `src/protocol/names.ts:1: ${kind.words}: no ${kind.type} serves ${word}`),
    ];
  };
}

interface Member {
  readonly source: Source;
  readonly node: VariableDeclaration;
  readonly name: string;
  readonly words: readonly string[];
}

function membersOf({ src }: Tree, { folder, type, property }: MemberList): Member[] {
  return src
    .filter(({ part }) => part === folder)
    .flatMap((source) => {
      return constantsOf(source)
        .filter((node) => node.type?.getText(source.ast).replace(/<.*$/s, "") === type)
        .map((node) => {
          const words = textsOf(propertyOf(node, property));
          return { source, node, name: node.name.getText(source.ast), words };
        });
    });
}

function problemsOf(
  { source, node, name, words: own }: Member,
  members: readonly Member[],
  { list, property, words: wordsName }: MemberList,
  listed: readonly string[],
  words: readonly string[] | null,
): string[] {
  const foreign = own.filter((word) => words !== null && !words.includes(word));
  const siblings = members.filter((member) => member.source === source && member.node !== node);
  return [
    ...(listed.includes(name) ? [] : [`${name} is not in ${list}`]),
    ...(own.length > 0 ? [] : [`${name} does not spell out its ${property}`]),
    ...foreign.map((word) => `${name}: ${word} is not in ${wordsName}`),
    ...siblings.map((member) => `${name} shares its file with ${member.name}`),
  ].map((problem) => breach(source, node, problem));
}

function constant({ src }: Tree, path: string, name: string): Node | undefined {
  const source = src.find((candidate) => candidate.path === path);
  const found = source && constantsOf(source).find(({ name: own }) => isNamed(own, name));
  return found?.initializer;
}

/** The constants at the top of a file. */
function constantsOf({ ast }: Source): VariableDeclaration[] {
  return ast.statements.flatMap((statement) => {
    return is.isVariableStatement(statement) ? statement.declarationList.declarations : [];
  });
}

function propertyOf(node: Node, name: string): Node | undefined {
  return [...nodesBelow(node)]
    .filter(is.isPropertyAssignment)
    .find((property) => isNamed(property.name, name))?.initializer;
}

function isNamed(node: Node, name: string): boolean {
  return is.isIdentifier(node) && node.text === name;
}

/** What a string, or a list of strings or names, says. */
function textsOf(node: Node | undefined): string[] {
  if (node === undefined) return [];
  if (is.isStringLiteral(node) || is.isIdentifier(node)) return [node.text];
  if (is.isAsExpression(node)) return textsOf(node.expression);
  if (node.kind !== SyntaxKind.ArrayLiteralExpression) return [];
  return [...nodesBelow(node)].flatMap((item) => (item === node ? [] : textsOf(item)));
}
