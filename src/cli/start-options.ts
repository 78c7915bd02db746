import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { CommandError } from "./command-error.ts";
import { DEFAULT_STATE_DIR } from "./project.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 8787;
const PORT_MAX = 65_535;

/** What `npm start` was asked for. */
export interface StartOptions {
  readonly host: string;
  readonly port: number;
  /** Absolute folder of the local state. */
  readonly stateDir: string;
  /** The full log, one JSON object a line, in the place of readable lines. */
  readonly jsonLog: boolean;
  /** `PATH_PREFIX`, where a `--var` for `wrangler dev` sets it. */
  readonly pathPrefix: string | null;
  /** Only to say how `npm start` is used. */
  readonly help: boolean;
  /** Everything else, in order, for `wrangler dev`. */
  readonly passedThrough: readonly string[];
}

const OWN_OPTIONS = {
  ip: { type: "string" },
  port: { type: "string" },
  "persist-to": { type: "string" },
  "json-log": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** What `npm start -- --help` prints. */
export const START_HELP = `Usage: npm start -- [options]

Serves the token service on this machine, with a demo client and a demo user.

  --port <number>     port; default ${DEFAULT_PORT}
  --ip <address>      address to listen on; default ${DEFAULT_HOST}
  --persist-to <dir>  folder of the local state; default .wrangler/state
  --json-log          print the full log, one JSON object a line
  --help              print this

Every other option goes to wrangler dev, such as:
  npm start -- --var REFRESH_RETRY:same-successor
  npm start -- --local-protocol https
`;

/** @throws CommandError when one of its own options is invalid */
export function readStartOptions(args: readonly string[]): StartOptions {
  const { values, tokens } = parseArgs({
    args: [...args],
    options: OWN_OPTIONS,
    strict: false,
    tokens: true,
  });
  const own = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== "option" || !Object.hasOwn(OWN_OPTIONS, token.name)) continue;
    own.add(token.index);
    const { type } = OWN_OPTIONS[token.name as keyof typeof OWN_OPTIONS];
    if (type === "string" && token.inlineValue === false) own.add(token.index + 1);
  }
  const { ip, port, "persist-to": stateDir, "json-log": jsonLog, help } = values;
  return {
    host: readText("--ip", ip) ?? DEFAULT_HOST,
    port: readPort(readText("--port", port)),
    stateDir: resolve(readText("--persist-to", stateDir) ?? DEFAULT_STATE_DIR),
    jsonLog: jsonLog === true,
    help: help === true,
    pathPrefix: readPathPrefix(args),
    passedThrough: args.filter((_, index) => !own.has(index)),
  };
}

function readPathPrefix(args: readonly string[]): string | null {
  const values = args.map((arg) => /^(?:--var=)?PATH_PREFIX:(.*)$/.exec(arg)?.[1]);
  return values.findLast((value) => value !== undefined) ?? null;
}

/** Without a value an option reads as `true`. */
function readText(name: string, value: string | boolean | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value !== "") return value;
  throw new CommandError(`${name} takes a value.`);
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= PORT_MAX) return port;
  throw new CommandError(`--port takes a number from 1 to ${PORT_MAX}.`);
}
