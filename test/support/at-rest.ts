import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { fromBase64Url, toBase64, toHex, utf8 } from "../../src/crypto/bytes.ts";

/** Everything that the service has stored, as whoever steals it would see it. */
export interface Dump {
  /** The rows of each table. */
  readonly d1: Readonly<Record<string, readonly unknown[]>>;
  readonly kv: readonly { key: KVNamespaceListKey<unknown>; value: string | null }[];
  /** Every entry of every refresh family. */
  readonly families: readonly (readonly (readonly [string, unknown])[])[];
}

/** Reads D1, KV and the Durable Objects to the end. */
export async function dumpStorage(): Promise<Dump> {
  const tables = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  ).all<{ name: string }>();
  const rows = tables.results.map(async ({ name }) => {
    const { results } = await env.DB.prepare(`SELECT * FROM "${name}"`).all();
    return [name, results] as const;
  });
  const { keys } = await env.ACCESS_TOKENS.list();
  const entries = keys.map(async (key) => {
    return { key, value: await env.ACCESS_TOKENS.get(key.name) };
  });
  const ids = await listDurableObjectIds(env.REFRESH_FAMILIES);
  const families = ids.map((id) => {
    return runInDurableObject(env.REFRESH_FAMILIES.get(id), async (_, { storage }) => {
      return [...(await storage.list())];
    });
  });
  return {
    d1: Object.fromEntries(await Promise.all(rows)),
    kv: await Promise.all(entries),
    families: await Promise.all(families),
  };
}

/** How much of a secret may stand at rest by chance, in characters. */
const CHANCE_LENGTH = 11;

/**
 * Looks for secrets in a dump: any {@link CHANCE_LENGTH} + 1 characters of one in a row, as text,
 * in hexadecimal or in base64.
 *
 * @returns the fragments that were found
 */
export function leaksIn(dump: Dump, secrets: readonly string[]): string[] {
  const haystack = JSON.stringify(dump, (_, value) => {
    return value instanceof Uint8Array ? toHex(value) : value;
  });
  const fragments = secrets.flatMap(spellings).flatMap((text) => {
    const starts = Array.from({ length: Math.max(1, text.length - CHANCE_LENGTH) }, (_, at) => at);
    return starts.map((at) => text.slice(at, at + CHANCE_LENGTH + 1));
  });
  return fragments.filter((fragment) => haystack.includes(fragment));
}

/** A secret as text, and its bytes: those that a token's body stands for, or else UTF-8. */
function spellings(secret: string): string[] {
  const body = /^tg[ar]_(.+)$/.exec(secret)?.[1];
  const bytes = (body && fromBase64Url(body)) || utf8(secret);
  return [body ?? secret, toHex(bytes), toBase64(bytes).replaceAll("=", "")];
}
