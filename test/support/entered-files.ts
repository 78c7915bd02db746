import { type Plugin, parseAst } from "vite";

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Instruments the files of `src`: a function that is entered adds its file to the set
 * `globalThis.enteredFiles`, if there is one.
 */
export function noteEnteredFiles(): Plugin {
  return {
    name: "note-entered-files",
    enforce: "post",
    transform(code, id) {
      const path = /\/(src\/.*\.ts)(?:$|\?)/.exec(id)?.[1];
      if (path === undefined) return null;
      const note = `globalThis.enteredFiles?.add(${JSON.stringify(path)})`;
      const insertions = functionBodies(parseAst(code) as unknown as Node).flatMap((body) => {
        if (body.type === "BlockStatement") return [{ at: body.start + 1, text: `${note};` }];
        return [
          { at: body.start, text: `(${note}, ` },
          { at: body.end, text: ")" },
        ];
      });
      let instrumented = code;
      for (const { at, text } of insertions.sort((one, other) => other.at - one.at)) {
        instrumented = instrumented.slice(0, at) + text + instrumented.slice(at);
      }
      return { code: instrumented, map: null };
    },
  };
}

/** The bodies of all functions below a node. */
function functionBodies(node: Node): Node[] {
  const isFunction = /^(?:Arrow)?Function/.test(node.type);
  const own = isFunction ? [(node as Node & { body: Node }).body] : [];
  const below = Object.values(node).flatMap((value) => (Array.isArray(value) ? value : [value]));
  return [...own, ...below.filter(isNode).flatMap(functionBodies)];
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
