import { toBase64, toHex, utf8 } from "../../src/crypto/bytes.ts";

/** Makes a unique text: its name, and 64 random bits. */
function canary(name: string): string {
  return `${name}${toHex(crypto.getRandomValues(new Uint8Array(8)))}`;
}

/** One for each part of a request that a caller or an attacker controls. */
export const CANARIES = {
  password: canary("password"),
  wrongPassword: canary("guess"),
  secret: canary("secret"),
  wrongSecret: canary("forged"),
  username: canary("user"),
  unknownClient: canary("client"),
  token: canary("token"),
  scope: canary("scope"),
  value: canary("value"),
  name: canary("name"),
  path: canary("path"),
  query: canary("query"),
  header: canary("header"),
  authorization: canary("authorization"),
  idempotencyKey: canary("idempotency"),
  userAgent: canary("agent"),
  cookie: canary("cookie"),
  origin: canary("origin"),
  jti: canary("jti"),
  body: canary("body"),
  platform: canary("platform"),
  configuration: canary("configuration"),
} as const;

/** Every way in which a text may lie about: as it is, in hexadecimal, base64 and percent signs. */
export function spellingsOf(text: string): string[] {
  const bytes = utf8(text);
  const hex = toHex(bytes);
  const percent = hex.replace(/../g, "%$&");
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  const base64Url = base64.map((one) => one.replaceAll("+", "-").replaceAll("/", "_"));
  return [text, hex, hex.toUpperCase(), percent, percent.toUpperCase(), ...base64, ...base64Url];
}

/** The base64 of bytes at such an offset: without the groups they share. */
function base64Within(bytes: Uint8Array, offset: number): string {
  const shifted = new Uint8Array(offset + bytes.length);
  shifted.set(bytes, offset);
  const first = offset === 0 ? 0 : 4;
  const wholeGroups = Math.floor(shifted.length / 3) * 4;
  return toBase64(shifted).slice(first, wholeGroups);
}

/**
 * Looks for texts in whatever a service has written.
 *
 * @returns the names of those that were found in any spelling
 */
export function sightingsIn(written: unknown, texts: Readonly<Record<string, string>>): string[] {
  const haystack = JSON.stringify(written, (_, value) => {
    if (value instanceof Uint8Array) return toHex(value);
    if (value instanceof Error) return { ...value, message: value.message, stack: value.stack };
    return value;
  });
  const found = Object.entries(texts).filter(([, text]) => {
    return spellingsOf(text).some((spelling) => haystack.includes(spelling));
  });
  return found.map(([name]) => name);
}
