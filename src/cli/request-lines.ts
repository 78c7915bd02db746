import { styleText } from "node:util";

/** The line that `wrangler dev` writes for each request, including assets. */
const REQUEST =
  /^\[wrangler:info\] (?<method>[A-Z]+) (?<path>\S+) (?<status>\d{3}) .*\((?<ms>\d+)ms\)$/;

/** How long a log line of the Worker waits for wrangler's line of the same request. */
const PAIRING_MS_MAX = 2000;

/** The fields of the Worker's log lines that are shown. */
interface LogLine {
  readonly event: string;
  readonly request_id?: string;
  readonly endpoint?: string;
  readonly method?: string;
  readonly status?: number;
  readonly outcome?: string;
  readonly reason?: string;
  readonly error?: string;
  readonly duration_ms?: number;
  readonly failure?: { readonly name: string; readonly message?: string };
}

/** The parts of a readable request line. */
export interface RequestWords {
  readonly method: string;
  readonly path: string;
  readonly status: string;
  readonly ms: string;
}

/**
 * Merges the two lines of a request into one: wrangler's has the path and the response time, the
 * Worker's has the reason of a failure.
 */
export class RequestLines {
  readonly #now: () => number;
  #logLines: { readonly line: LogLine; readonly at: number }[] = [];

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Keeps a log line of the Worker for its request. @returns a line to print immediately */
  addLogLine(line: LogLine): string | null {
    if (line.event === "request") {
      const at = this.#now();
      this.#logLines = this.#logLines.filter((kept) => at - kept.at < PAIRING_MS_MAX);
      this.#logLines.push({ line, at });
      return null;
    }
    if (line.event === "verify" || line.event === "manage") {
      return this.#write(
        {
          method: "RPC",
          path: line.endpoint ?? line.event,
          status: line.outcome ?? "",
          ms: String(line.duration_ms ?? ""),
        },
        line,
      );
    }
    // The request's line repeats an audit event. A failure of deferred work has only this line.
    if (line.failure === undefined) return null;
    return `${line.event}: ${describeFailure(line.failure)}`;
  }

  /** Whether the request succeeded, or the Worker's line with the reason has arrived. */
  isComplete(request: RequestWords): boolean {
    return Number(request.status) < 400 || this.#indexOf(request) >= 0;
  }

  /** The readable line of a request. */
  format(request: RequestWords): string {
    const index = this.#indexOf(request);
    const [own] = index < 0 ? [] : this.#logLines.splice(index, 1);
    return this.#write(request, own?.line);
  }

  #indexOf({ method, status }: RequestWords): number {
    return this.#logLines.findIndex(({ line }) => {
      return line.method === method && line.status === Number(status);
    });
  }

  #write({ method, path, status, ms }: RequestWords, line: LogLine | undefined): string {
    const time = new Date(this.#now()).toTimeString().slice(0, 8);
    const words = [
      styleText("dim", time),
      method.padEnd(7),
      path,
      styleText(colourOf(status), status),
      styleText("dim", `${ms} ms`),
      reasonOf(line),
    ];
    return words.filter((word) => word !== "").join("  ");
  }
}

/** Parses a log line of the Worker. @returns null when it is not one */
export function parseLogLine(text: string): LogLine | null {
  if (!text.startsWith('{"event":"')) return null;
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return null;
  }
}

/** Parses wrangler's line of a request. @returns null when it is not one */
export function parseRequest(text: string): RequestWords | null {
  const groups = REQUEST.exec(text)?.groups;
  return groups === undefined ? null : (groups as unknown as RequestWords);
}

function reasonOf(line: LogLine | undefined): string {
  if (line === undefined) return "";
  const words = [line.error, line.reason].filter((word) => word !== undefined);
  if (line.failure !== undefined) words.push(describeFailure(line.failure));
  return words.join(": ");
}

function describeFailure({ name, message }: NonNullable<LogLine["failure"]>): string {
  return message === undefined ? name : `${name}: ${message}`;
}

function colourOf(status: string): "green" | "yellow" | "red" {
  if (status === "ok" || Number(status) < 400) return "green";
  return status === "refused" || Number(status) < 500 ? "yellow" : "red";
}
