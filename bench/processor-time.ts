import { readdirSync, readFileSync } from "node:fs";

/** Length of a tick of `/proc`, in milliseconds: USER_HZ is 100 on every Linux. */
const TICK_MS = 10;

interface Process {
  readonly parent: number;
  readonly ticks: number;
}

/**
 * Processor time that a process and all below it have used so far, in milliseconds: the steadiest
 * figure there is, since whatever else the machine does is not in it. Linux alone (proc(5)).
 */
export function processorMs(root: number): number {
  const processes = new Map(readdirSync("/proc").flatMap(readProcess));
  let ticks = 0;
  for (const [pid, { ticks: own }] of processes) {
    if (isBelow(pid, root, processes)) ticks += own;
  }
  return ticks * TICK_MS;
}

function readProcess(name: string): [pid: number, process: Process][] {
  if (!/^\d+$/.test(name)) return [];
  try {
    const stat = readFileSync(`/proc/${name}/stat`, "utf8");
    // The name of the program stands in parentheses, and may have any character.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number);
    return [[Number(name), { parent: parent ?? 0, ticks: (user ?? 0) + (system ?? 0) }]];
  } catch {
    // It ended meanwhile.
    return [];
  }
}

function isBelow(pid: number, root: number, processes: ReadonlyMap<number, Process>): boolean {
  for (let at = pid; at > 1; at = processes.get(at)?.parent ?? 0) {
    if (at === root) return true;
  }
  return false;
}
