/** How long storage takes in production, in milliseconds: published orders of magnitude. */
export interface Delays {
  /** A put or a delete. */
  readonly kvWrite: number;
  readonly kvRead: number;
  /** The first read of a key in a location. */
  readonly kvFirstRead: number;
  readonly d1: number;
  /** A call to a Durable Object. */
  readonly object: number;
}

/** D1 and the objects are in the region of the Worker. */
export const NEAR: Delays = { kvWrite: 150, kvRead: 5, kvFirstRead: 60, d1: 10, object: 15 };

/** D1 and the objects are on another continent. */
export const FAR: Delays = { ...NEAR, d1: 120, object: 120 };

/** Says how long each operation takes in one location. Remembers which keys of KV were read. */
export function createDelays(
  delays: Delays,
): (operation: string, args: readonly unknown[]) => number {
  const readKeys = new Set<unknown>();
  return (operation, [key]) => {
    const [binding, method] = operation.split(".");
    // Rate limits are counted in the Worker's own data centre.
    if (binding === "address") return 0;
    if (binding === "d1") return delays.d1;
    if (binding !== "kv") return delays.object;
    if (method === "put" || method === "delete") return delays.kvWrite;
    const isFirst = !readKeys.has(key);
    readKeys.add(key);
    return isFirst ? delays.kvFirstRead : delays.kvRead;
  };
}
