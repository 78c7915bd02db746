import { type Bytes, toHex } from "./bytes.ts";

/** A source of random bytes. Passed as a parameter, so that tests can replace it. */
export type Random = (length: number) => Bytes;

/** Makes a UUID of version 4 (RFC 9562 §5.4). */
export function randomUuid(random: Random): string {
  const bytes = random(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The platform's cryptographic random source. */
export const secureRandom: Random = (length) => crypto.getRandomValues(new Uint8Array(length));
