import { measure } from "../telemetry/request-log.ts";
import { type Bytes, utf8 } from "./bytes.ts";

/**
 * Most iterations in one WebCrypto call. Production Workers throw above it; local workerd does not,
 * so this module checks.
 * Source: https://developers.cloudflare.com/workers/runtime-apis/web-crypto/
 */
export const ITERATIONS_PER_CALL_MAX = 100_000;

/** Length of derived keys, in bytes: one output block of SHA-256. */
export const DERIVED_BYTES = 32;

/**
 * PBKDF2-HMAC-SHA256 (RFC 8018 §5.2) in one WebCrypto call.
 *
 * @returns 32 bytes
 * @throws RangeError above {@link ITERATIONS_PER_CALL_MAX}, before any work
 */
export async function pbkdf2(
  password: string,
  salt: Bytes,
  iterations: number,
  inTurn: InTurn = atOnce,
): Promise<Bytes> {
  const key = await importPassword(password);
  return inTurn(() => derive(key, salt, iterations));
}

/**
 * Runs a derivation when it is its turn, and passes it a pause that yields the thread. Rejects a
 * derivation by throwing, before any work.
 */
export type InTurn = <Result>(
  derive: (pause: () => Promise<void>) => Promise<Result>,
) => Promise<Result>;

/** Without a queue: for commands. */
export const atOnce: InTurn = (derive) => derive(async () => {});

/**
 * PBKDF2 in `rounds` chained calls, for more iterations than one call allows: the output of a round
 * is the salt of the next, and the password is the key of all. One round is plain PBKDF2. Pauses
 * between rounds, since one blocks the thread for 12 ms.
 *
 * @returns 32 bytes
 * @throws RangeError when one round is above {@link ITERATIONS_PER_CALL_MAX}
 */
export async function chainedPbkdf2(
  password: string,
  salt: Bytes,
  rounds: number,
  iterationsPerRound: number,
  inTurn: InTurn = atOnce,
): Promise<Bytes> {
  const key = await importPassword(password);
  return inTurn(async (pause) => {
    let derived = salt;
    for (let round = 0; round < rounds; round += 1) {
      if (round > 0) await pause();
      derived = await derive(key, derived, iterationsPerRound);
    }
    return derived;
  });
}

function importPassword(password: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", utf8(password), "PBKDF2", false, ["deriveBits"]);
}

async function derive(key: CryptoKey, salt: Bytes, iterations: number): Promise<Bytes> {
  if (iterations > ITERATIONS_PER_CALL_MAX) {
    throw new RangeError(`PBKDF2 of ${iterations} iterations in one call`);
  }
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  const length = DERIVED_BYTES * 8;
  return new Uint8Array(
    await measure("pbkdf2.webcrypto", () => crypto.subtle.deriveBits(parameters, key, length)),
  );
}
