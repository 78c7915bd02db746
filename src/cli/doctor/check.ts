import { Help } from "commander";

/** What a check of the doctor found. */
export interface Check {
  /** What was looked at, in a word or three. */
  readonly name: string;
  readonly status: "ok" | "warning" | "failed";
  /** What was seen. Never a secret. */
  readonly detail: string;
  /** What to do about it; nothing where all is well. */
  readonly cure?: string;
}

/** All is well. */
export function ok(name: string, detail: string): Check {
  return { name, status: "ok", detail };
}

/** It works, and somebody should look at it. */
export function warning(name: string, detail: string, cure: string): Check {
  return { name, status: "warning", detail, cure };
}

/** It does not work. */
export function failed(name: string, detail: string, cure: string): Check {
  return { name, status: "failed", detail, cure };
}

/** Whether nothing failed. */
export function isHealthy(checks: readonly Check[]): boolean {
  return checks.every(({ status }) => status !== "failed");
}

/**
 * One line for each check, with its cure below it, and a last line that counts.
 *
 * @param columns where a terminal wraps, so that what follows stays in its column
 */
export function describeChecks(
  checks: readonly Check[],
  columns = Number.POSITIVE_INFINITY,
): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  const indent = " ".repeat(width + 11);
  const wrap = (text: string) => {
    return new Help().boxWrap(text, columns - indent.length).replaceAll("\n", `\n${indent}`);
  };
  const lines = checks.flatMap(({ name, status, detail, cure }) => {
    const line = `${status.padEnd(7)}  ${name.padEnd(width)}  ${wrap(detail)}`;
    return cure === undefined ? [line] : [line, `${indent}${wrap(`→ ${cure}`)}`];
  });
  const count = (status: Check["status"]) => checks.filter((one) => one.status === status).length;
  const counts = [`${count("ok")} ok`, `${count("warning")} warnings`, `${count("failed")} failed`];
  return [...lines, counts.join(", ")].join("\n");
}
