import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { fromBase64Url, toBase64, toHex, utf8 } from "../../src/crypto/bytes.ts";

type Entries = readonly (readonly [string, unknown])[];

/** Everything that the service has stored, as a thief would see it. */
export interface Dump {
  /** The rows of each table. */
  readonly d1: Readonly<Record<string, readonly unknown[]>>;
  readonly kv: readonly { key: KVNamespaceListKey<unknown>; value: string | null }[];
  /** Every entry of every refresh family. */
  readonly families: readonly Entries[];
  /** Every entry of every client's used assertions. */
  readonly assertions: readonly Entries[];
  /** Every entry of the objects that keep clients' documents. */
  readonly documents: readonly Entries[];
  /** Every entry of the objects that send logout tokens. */
  readonly senders: readonly Entries[];
  /** Every entry of the objects that check foreign passwords. */
  readonly foreign: readonly Entries[];
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
  return {
    d1: Object.fromEntries(await Promise.all(rows)),
    kv: await Promise.all(entries),
    families: await entriesOf(env.REFRESH_FAMILIES),
    assertions: await entriesOf(env.USED_ASSERTIONS),
    documents: await entriesOf(env.FETCHED_DOCUMENTS),
    senders: await entriesOf(env.LOGOUT_SENDERS),
    foreign: await entriesOf(env.FOREIGN_PASSWORDS),
  };
}

async function entriesOf(namespace: object): Promise<Entries[]> {
  const objects = namespace as DurableObjectNamespace;
  const ids = await listDurableObjectIds(objects);
  const entries = ids.map((id) => {
    return runInDurableObject(objects.get(id), async (_, { storage }) => {
      return [...(await storage.list())];
    });
  });
  return Promise.all(entries);
}

/** How much of a secret may be at rest by chance, in characters. */
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

/** A secret as text, and its bytes: those that a token's body encodes, or else UTF-8. */
function spellings(secret: string): string[] {
  const body = /^tg[ar]_(.+)$/.exec(secret)?.[1];
  const bytes = (body && fromBase64Url(body)) || utf8(secret);
  return [body ?? secret, toHex(bytes), toBase64(bytes).replaceAll("=", "")];
}
