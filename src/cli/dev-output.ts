import { stripVTControlCharacters } from "node:util";
import { parseLogLine, parseRequest, RequestLines, type RequestWords } from "./request-lines.ts";

const READY = /Ready on (https?:\/\/\S+)/;

/** Lines of wrangler that are hidden; all others are shown. */
const NOISE = new RegExp(
  [
    /\s*/,
    /─+/,
    /.*⛅️ wrangler .*/,
    /\[wrangler:info\] .*/,
    /\[custom build\] .*/,
    /⎔ .*/,
    /❓ Your types might be out of date.*/,
    /Using secrets defined in .*/,
    /Your Worker .*bindings:/,
    /Binding +Resource .*/,
    /env\.\w+ \(.*/,
    /env\.\w+ +\S.* local/,
  ]
    .map(({ source }) => `^${source}$`)
    .join("|"),
);

/** How long a failed request waits for the log line with its reason, in milliseconds. */
const REASON_MS = 150;

/** Options of {@link DevOutput}. */
export interface DevOutputOptions {
  /** Print the Worker's log lines unchanged, and no request lines. */
  readonly jsonLog: boolean;
  readonly onReady: (url: URL) => void;
  /** Prints a request or a log line of the Worker. */
  readonly print: (line: string) => void;
}

/** Filters the output of `wrangler dev`: shows requests, warnings and errors. */
export class DevOutput {
  readonly #options: DevOutputOptions;
  readonly #requests = new RequestLines(Date.now);

  constructor(options: DevOutputOptions) {
    this.#options = options;
  }

  /** Reads one line. @param pass prints a line of wrangler to the stream that it came from */
  read(raw: string, pass: (line: string) => void): void {
    const { jsonLog, onReady, print } = this.#options;
    const text = stripVTControlCharacters(raw).trimEnd();
    const logLine = parseLogLine(text);
    const request = parseRequest(text);
    const url = READY.exec(text)?.[1];
    if (logLine !== null) {
      const line = jsonLog ? text : this.#requests.addLogLine(logLine);
      if (line !== null) print(line);
    } else if (request !== null) {
      if (!jsonLog) this.#printRequest(request);
    } else if (url !== undefined) {
      onReady(new URL(url));
    } else if (!NOISE.test(text)) {
      pass(raw);
    }
  }

  #printRequest(request: RequestWords): void {
    const write = () => this.#options.print(this.#requests.format(request));
    if (this.#requests.isComplete(request)) write();
    else setTimeout(write, REASON_MS);
  }
}
