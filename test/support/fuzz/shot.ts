import { utf8 } from "../../../src/crypto/bytes.ts";

/** One request of a fuzzing run, before it is built: small enough to print whole. */
export interface Shot {
  readonly method: string;
  /** From the slash on, with its query. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | null;
}

/** Most of a body that a failure quotes, in characters. */
const QUOTED_LENGTH_MAX = 2000;

/** The options of `fetch` for a shot. @throws TypeError for what no client can send */
export function toInit({ method, headers, body }: Shot): RequestInit {
  const all = new Headers();
  for (const [name, value] of headers) all.append(name, value);
  return { method, headers: all, ...(body === null ? {} : { body: bytesOf(body) }) };
}

/**
 * The bytes of a body. U+F700 to U+F7FF stand for the bytes 0 to 255, so that a text can hold what
 * is not UTF-8.
 */
function bytesOf(body: string): Uint8Array<ArrayBuffer> {
  if (!/[\uf700-\uf7ff]/.test(body)) return utf8(body);
  const parts = body.split(/([\uf700-\uf7ff])/);
  return new Uint8Array(
    parts.flatMap((part) => {
      const isByte = /^[\uf700-\uf7ff]$/.test(part);
      return isByte ? [part.charCodeAt(0) - 0xf700] : [...utf8(part)];
    }),
  );
}

/** A shot as a failure quotes it. */
export function quote({ method, path, headers, body }: Shot): string {
  const text = JSON.stringify({ method, path, headers, body });
  return text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}...` : text;
}
