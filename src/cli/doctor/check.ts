import { Help } from "commander";

/** The result of one check of the doctor. */
export interface Check {
  /** What was checked, in one to three words. */
  readonly name: string;
  readonly status: "ok" | "warning" | "failed";
  /** What was found. Never a secret. */
  readonly detail: string;
  /** How to fix it. */
  readonly cure?: string;
}

/** A check that passed. */
export function ok(name: string, detail: string): Check {
  return { name, status: "ok", detail };
}

/** A check that passed, with a possible problem. */
export function warning(name: string, detail: string, cure: string): Check {
  return { name, status: "warning", detail, cure };
}

/** A check that failed. */
export function failed(name: string, detail: string, cure: string): Check {
  return { name, status: "failed", detail, cure };
}

/** Whether nothing failed. */
export function isHealthy(checks: readonly Check[]): boolean {
  return checks.every(({ status }) => status !== "failed");
}

/**
 * One line for each check, with its fix below it, then the counts.
 *
 * @param columns width of the terminal, so that wrapped text stays in its column
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
