import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";

/**
 * Empties storage. One `reset()` is not enough: it passes over the objects that workerd has
 * unloaded, as it does ten seconds after their last call, and D1 and KV are such objects. A busy
 * machine needs that long between two files. Looking at an object loads it, so that the next reset
 * empties it too.
 */
export async function emptyStorage(): Promise<void> {
  do {
    await reset();
  } while ((await hasTables()) || (await hasKeys()));
}

async function hasTables(): Promise<boolean> {
  const query = "SELECT count(*) AS found FROM sqlite_schema WHERE name = 'd1_migrations'";
  return (await env.DB.prepare(query).first<number>("found")) !== 0;
}

async function hasKeys(): Promise<boolean> {
  return (await env.ACCESS_TOKENS.list({ limit: 1 })).keys.length > 0;
}
