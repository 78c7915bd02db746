import type { RequestLine } from "../../../src/telemetry/request-line.ts";

/** What the log of a run says in all. */
export interface Overheard {
  lines: number;
  pbkdf2Calls: number;
  /** How often each reason, or `ok`, was logged at each endpoint. */
  readonly reasons: Map<string, number>;
}

/** What listens to a run's console. */
interface Listener {
  readonly overheard: Overheard;
  /** What no line may say, since the last look. */
  readonly violations: string[];
  stop(): void;
}

/**
 * Reads every line that the service logs. A warning or an error is a violation, and so is a
 * line about a request that has in it what the request sent.
 */
export function overhear(canary: string): Listener {
  const { log, warn, error } = console;
  const overheard: Overheard = { lines: 0, pbkdf2Calls: 0, reasons: new Map() };
  const violations: string[] = [];
  const fail = (...words: unknown[]) => {
    violations.push(`the console was told: ${words.map(String).join(" ")}`);
  };
  console.warn = fail;
  console.error = fail;
  console.log = (...words: unknown[]) => {
    const text = String(words[0]);
    if (!text.startsWith('{"event":')) return log(...words);
    const line = JSON.parse(text) as RequestLine;
    if (line.event !== "request") return;
    overheard.lines += 1;
    overheard.pbkdf2Calls += line.pbkdf2_calls;
    const key = `${line.endpoint ?? "none"} ${line.reason ?? line.outcome}`;
    overheard.reasons.set(key, (overheard.reasons.get(key) ?? 0) + 1);
    // A run registers clients of its own by the management API: their names are logged.
    const { client_id, ...others } = line;
    const said = JSON.stringify(line.reason === "client_unknown" ? line : others);
    if (said.toLowerCase().includes(canary)) violations.push(`a line of the log echoes: ${text}`);
    if (/[\r\n]/.test(text)) violations.push(`a line of the log is two: ${text}`);
  };
  return { overheard, violations, stop: () => Object.assign(console, { log, warn, error }) };
}
