import { readdirSync, readFileSync } from "node:fs";

/** Resident memory of a process and of all below it, in bytes. Linux alone has this. */
export function residentBytes(pid: number): number {
  const children = new Map<number, number[]>();
  const resident = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = statusOf(name);
    if (status === null) continue;
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    resident.set(Number(name), 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0));
  }
  const total = (one: number): number => {
    const below = (children.get(one) ?? []).map(total);
    return below.reduce((sum, bytes) => sum + bytes, resident.get(one) ?? 0);
  };
  return total(pid);
}

/** A process may end between the list and the look. */
function statusOf(pid: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return null;
  }
}
