/** Hosts that only the developer's own computer reaches. */
const LOCAL_HOST = /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Most messages of one process or isolate, so that no caller can fill its memory. */
const WARNINGS_MAX = 100;

const warned = new Set<string>();

/** Whether a request was made to the developer's own computer. */
export function isLocal(request: Request): boolean {
  return LOCAL_HOST.test(new URL(request.url).hostname);
}

/** Writes a message to the console, the first time only. */
export function warnOnce(message: string): void {
  if (warned.has(message) || warned.size >= WARNINGS_MAX) return;
  warned.add(message);
  console.warn(message);
}
