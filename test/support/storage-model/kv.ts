import { replaceMethods } from "./wrap.ts";

/** How long a location keeps what it has read, a miss too, in milliseconds. */
export const KV_STALE_MS = 60_000;

/** Shortest time between two writes of one key, in milliseconds. */
const KV_WRITE_INTERVAL_MS = 1_000;

/** What one location has read. */
interface CachedRead {
  /** Null: the key was not there. */
  readonly text: string | null;
  readonly readAtMs: number;
}

/**
 * KV for a caller that writes in one location and reads in another. A read may be stale for a
 * minute, also one that found nothing. Workers KV gives no stronger guarantee.
 *
 * Source: Workers KV, "How KV works" and "Limits". workerd itself rejects a TTL below 60 seconds.
 */
export function acrossLocations(kv: KVNamespace): KVNamespace {
  const cache = new Map<string, CachedRead>();
  const writtenAtMs = new Map<string, number>();

  function limitWrites(key: string): void {
    const now = Date.now();
    const last = writtenAtMs.get(key) ?? Number.NEGATIVE_INFINITY;
    if (now - last < KV_WRITE_INTERVAL_MS) {
      throw new Error("KV PUT failed: 429 Too Many Requests");
    }
    writtenAtMs.set(key, now);
  }

  async function read(key: string): Promise<string | null> {
    const cached = cache.get(key);
    const now = Date.now();
    if (cached !== undefined && now - cached.readAtMs < KV_STALE_MS) return cached.text;
    const text = await kv.get(key);
    cache.set(key, { text, readAtMs: now });
    return text;
  }

  return replaceMethods(kv, {
    async get(key, type) {
      const text = await read(key as string);
      return type === "json" && text !== null ? JSON.parse(text) : text;
    },
    async put(key, ...rest) {
      limitWrites(key as string);
      return kv.put(key as string, ...(rest as [string, KVNamespacePutOptions]));
    },
    async delete(key) {
      limitWrites(key as string);
      return kv.delete(key as string);
    },
  });
}
