import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { CommandError } from "./command-error.ts";
import { DEFAULT_STATE_DIR } from "./project.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 8787;
const PORT_MAX = 65_535;

/** Options of `npm start`. */
export interface StartOptions {
  readonly host: string;
  readonly port: number;
  /** Absolute folder of the local state. */
  readonly stateDir: string;
  /** Print the full log, one JSON object per line, instead of readable lines. */
  readonly jsonLog: boolean;
  /** `PATH_PREFIX`, if a `--var` for `wrangler dev` sets it. */
  readonly pathPrefix: string | null;
  /** Only print the usage. */
  readonly help: boolean;
  /** All other arguments, in order, for `wrangler dev`. */
  readonly passedThrough: readonly string[];
}

const OWN_OPTIONS = {
  ip: { type: "string" },
  port: { type: "string" },
  "persist-to": { type: "string" },
  "json-log": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** The output of `npm start -- --help`. */
export const START_HELP = `Usage: npm start -- [options]

Runs the token service on this machine, with a demo client and a demo user.

  --port <number>     port; default ${DEFAULT_PORT}
  --ip <address>      address to listen on; default ${DEFAULT_HOST}
  --persist-to <dir>  folder of the local state; default .wrangler/state
  --json-log          print the full log, one JSON object per line
  --help              print this help

All other options are passed to wrangler dev, for example:
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

/** parseArgs reads an option without a value as `true`. */
function readText(name: string, value: string | boolean | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value !== "") return value;
  throw new CommandError(`${name} requires a value.`);
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= PORT_MAX) return port;
  throw new CommandError(`--port must be a number from 1 to ${PORT_MAX}.`);
}
