import type { Node } from "typescript/unstable/ast";
import * as is from "typescript/unstable/ast/is";
import { breach, identifiersOf, importsOf, nodesBelow, valueUsesOf } from "./code.ts";
import type { Rule, Source } from "./tree.ts";

/** Something that a file can do or mention, and where it does. */
type Finder = (source: Source) => readonly Finding[];

interface Finding {
  readonly node: Node;
  readonly what: string;
}

/** Below `src/`, what the finders find may occur only in these parts or files. */
export function onlyIn(places: readonly string[], ...finders: readonly Finder[]): Rule {
  return ({ src }) => {
    return src.flatMap((source) => (isIn(source, places) ? [] : report(source, finders)));
  };
}

/** What the finders find occurs in none of these parts or files. */
export function nowhereIn(places: readonly string[], ...finders: readonly Finder[]): Rule {
  return ({ src }) => {
    return src.flatMap((source) => (isIn(source, places) ? report(source, finders) : []));
  };
}

/** What the finders find occurs nowhere below `src/`. */
export function nowhere(...finders: readonly Finder[]): Rule {
  return onlyIn([], ...finders);
}

function isIn({ path, part }: Source, places: readonly string[]): boolean {
  return places.some((place) => place === part || `src/${place}` === path);
}

function report(source: Source, finders: readonly Finder[]): string[] {
  const findings = finders.flatMap((find) => find(source));
  return findings.map(({ node, what }) => breach(source, node, what));
}

/**
 * Uses of a global as a value, such as `Date` or `crypto.subtle`, with every member of it.
 * An object that is handed on whole counts as a use of each of its members.
 */
export function globals(...watched: readonly string[]): Finder {
  return (source) => {
    return valueUsesOf(source)
      .filter(({ dotted }) => watched.some((global) => isSameOrWithin(dotted, global)))
      .map(({ node, dotted }) => ({ node, what: `uses ${dotted}` }));
  };
}

function isSameOrWithin(dotted: string, global: string): boolean {
  return `${dotted}.`.startsWith(`${global}.`) || `${global}.`.startsWith(`${dotted}.`);
}

/** Uses of a clock. A date made of a given instant is none. */
export const clockReads: Finder = (source) => {
  return globals("Date", "performance")(source).filter(({ node }) => !isGivenDate(node.parent));
};

function isGivenDate(node: Node): boolean {
  return is.isNewExpression(node) && (node.arguments ?? []).length > 0;
}

/** Names, whatever they name: types, values, properties, parameters. */
export function names(pattern: RegExp): Finder {
  return (source) => {
    return identifiersOf(source)
      .filter(({ text }) => pattern.test(text))
      .map((node) => ({ node, what: `mentions ${node.text}` }));
  };
}

/** Imports of a package, as they are written. */
export function packages(pattern: RegExp): Finder {
  return (source) => {
    return importsOf(source)
      .filter(({ path, module }) => path === null && pattern.test(module))
      .map(({ node, module }) => ({ node, what: `imports ${module}` }));
  };
}

/** Imports of a name. */
export function imported(name: string): Finder {
  return (source) => {
    return importsOf(source)
      .filter(({ names: all }) => all.includes(name))
      .map(({ node }) => ({ node, what: `imports ${name}` }));
  };
}

/** Texts and names that hold a word: what is written on the wire. */
export function texts(word: string): Finder {
  return (source) => {
    return [...nodesBelow(source.ast)]
      .filter((node) => isText(node) && node.getText(source.ast).includes(word))
      .map((node) => ({ node, what: `writes ${word}` }));
  };
}

function isText(node: Node): boolean {
  if (is.isIdentifier(node) || is.isStringLiteral(node)) return true;
  return is.isTemplateExpression(node) || is.isNoSubstitutionTemplateLiteral(node);
}

/** `throw` in a file with a class that extends one of these. */
export function throwsBeside(...bases: readonly string[]): Finder {
  return (source) => {
    if (!valueUsesOf(source).some(({ dotted }) => bases.includes(dotted))) return [];
    const thrown = [...nodesBelow(source.ast)].filter(is.isThrowStatement);
    return thrown.map((node) => ({ node, what: "throws where a caller expects an outcome" }));
  };
}
