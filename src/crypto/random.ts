import type { Bytes } from "./bytes.ts";

/** A source of unguessable bytes. Passed in wherever it is used, so that tests can fix it. */
export type Random = (length: number) => Bytes;

/** The platform's cryptographic random source. */
export const secureRandom: Random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** Makes an id that nobody else makes (RFC 9562 §5.4). */
export const randomId = (): string => crypto.randomUUID();
