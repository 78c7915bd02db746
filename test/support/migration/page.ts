import { readFileSync } from "node:fs";

/** A page whose fenced blocks a test does, each at least once. */
export interface WalkPage {
  /**
   * A block below a heading, which counts as done from now on.
   *
   * @param index in the order of the page, from 0
   * @returns its text, without the indentation of a list
   */
  block(heading: string, index: number): string;
  /** The blocks that no test has read. */
  undone(): readonly string[];
}

const HEADING = /^## (.*)$/m;
const BLOCK = /^( *)```\w+\n(.*?)^\1```$/gms;

/** Reads a page with headings of the second level. */
export function readWalkPage(path: string): WalkPage {
  const [, ...parts] = readFileSync(path, "utf8").split(HEADING);
  const blocks = new Map<string, string>();
  for (let part = 0; part < parts.length; part += 2) {
    for (const [index, block] of blocksIn(parts[part + 1] ?? "").entries()) {
      blocks.set(`${parts[part]}, block ${index}`, block);
    }
  }
  const undone = new Set(blocks.keys());
  return {
    block(heading, index) {
      const name = `${heading}, block ${index}`;
      const block = blocks.get(name);
      if (block === undefined) throw new Error(`${path} has no ${name}`);
      undone.delete(name);
      return block;
    },
    undone: () => [...undone],
  };
}

function blocksIn(section: string): string[] {
  return [...section.matchAll(BLOCK)].map(([, indent = "", text = ""]) => {
    const lines = text.split("\n").map((line) => line.slice(indent.length));
    return lines.join("\n").trimEnd();
  });
}
