import { readFileSync } from "node:fs";

/** A fenced block of a page. */
export interface Block {
  /** What stands behind the fence, such as `sh`. */
  readonly language: string;
  /** Without the indentation of a list. */
  readonly text: string;
}

/** A page whose blocks a test does, one section after the other. */
export interface WalkPage {
  /** The blocks below a heading, in order, which count as done from now on. */
  blocks(heading: string): readonly Block[];
  /** Headings of blocks that no test has asked for. */
  undone(): readonly string[];
}

const HEADING = /^## (.*)$/m;
const BLOCK = /^( *)```(\w+)\n(.*?)^\1```$/gms;

/** Reads a page with headings of the second level. */
export function readWalkPage(path: string): WalkPage {
  const [, ...parts] = readFileSync(path, "utf8").split(HEADING);
  const sections = new Map<string, Block[]>();
  for (let index = 0; index < parts.length; index += 2) {
    sections.set(parts[index] ?? "", blocksIn(parts[index + 1] ?? ""));
  }
  const done = new Set<string>();
  return {
    blocks(heading) {
      const blocks = sections.get(heading);
      if (blocks === undefined) throw new Error(`${path} has no heading ${heading}`);
      done.add(heading);
      return blocks;
    },
    undone() {
      const withBlocks = [...sections].filter(([, blocks]) => blocks.length > 0);
      return withBlocks.map(([heading]) => heading).filter((heading) => !done.has(heading));
    },
  };
}

function blocksIn(section: string): Block[] {
  return [...section.matchAll(BLOCK)].map(([, indent = "", language = "", text = ""]) => {
    const lines = text.split("\n").map((line) => line.slice(indent.length));
    return { language, text: lines.join("\n").trimEnd() };
  });
}
