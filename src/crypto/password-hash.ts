/**
 * The stored hash of a password or client secret, which describes itself:
 *
 *     $pbkdf2-sha256$r=6,i=100000$SALT$HASH     ours: r chained calls of i iterations
 *     pbkdf2_sha256$600000$salt$HASH            Django's, verified and then replaced
 *     $sealed$SEALING                           either, sealed under the pepper (passwords.ts)
 *     !...                                      unusable (Django's convention): matches nothing
 */
import { Refusal } from "../errors/refusal.ts";
import { InFlight } from "../isolate.ts";
import { measure } from "../telemetry/request-log.ts";
import { type Bytes, fromBase64, fromBase64Url, toBase64Url, utf8 } from "./bytes.ts";

/** Derives a key with more iterations than one WebCrypto call allows. @returns 32 bytes */
export type DeriveLong = (password: string, salt: Bytes, iterations: number) => Promise<Bytes>;

/** Most chained rounds of a hash or the setting: limits the cost of a login. */
export const ROUNDS_MAX = 20;

/** Most iterations of a Django hash that is verified. Django 6.0 uses 1,200,000. */
export const DJANGO_ITERATIONS_MAX = 2_000_000;

/** Length of our salts, in bytes. */
export const SALT_BYTES = 16;

/** A parsed hash. */
export interface PasswordHash {
  readonly scheme: "chained" | "django";
  /** Calls of PBKDF2; 1 for Django's. */
  readonly rounds: number;
  /** Iterations in one round. */
  readonly iterations: number;
  readonly salt: Bytes;
  readonly hash: Bytes;
}

const OURS = /^\$pbkdf2-sha256\$r=(\d{1,2}),i=(\d{1,6})\$([\w-]{22})\$([\w-]{43})$/;
const DJANGO = /^pbkdf2_sha256\$(\d{1,7})\$([^$]{1,128})\$([A-Za-z0-9+/]{43}=)$/;

/** `NAME$...$HASH`, or Django's oldest format, an MD5. */
const OTHER_HASHER = /^(?:(?!pbkdf2_sha256\$)[a-z][a-z0-9_]*\$.*\$.|[0-9a-f]{32}$)/;

/** Whether a hash is of a Django hasher that is not supported. Imports keep it. */
export function isOfOtherHasher(text: string): boolean {
  return OTHER_HASHER.test(text);
}

/** Parses an unsealed hash. @returns null if it is unusable, unsupported or exceeds a limit */
export function parsePasswordHash(text: string): PasswordHash | null {
  const ours = OURS.exec(text);
  if (ours !== null) {
    const [, rounds = "", iterations = "", salt = "", hash = ""] = ours;
    return bounded("chained", Number(rounds), Number(iterations), {
      salt: fromBase64Url(salt),
      hash: fromBase64Url(hash),
    });
  }
  const django = DJANGO.exec(text);
  if (django === null) return null;
  const [, iterations = "", salt = "", hash = ""] = django;
  const bytes = { salt: utf8(salt), hash: fromBase64(hash) };
  return bounded("django", 1, Number(iterations), bytes);
}

/** Hashes a password in our own format. @param salt {@link SALT_BYTES} long */
export async function makePasswordHash(
  password: string,
  rounds: number,
  salt: Bytes,
  inTurn?: InTurn,
): Promise<string> {
  const hash = await chainedPbkdf2(password, salt, rounds, ITERATIONS_PER_CALL_MAX, inTurn);
  const parameters = `r=${rounds},i=${ITERATIONS_PER_CALL_MAX}`;
  return `$pbkdf2-sha256$${parameters}$${toBase64Url(salt)}$${toBase64Url(hash)}`;
}

/**
 * Computes the hash of `password` with the parameters of `stored`.
 *
 * @param deriveLong for Django's single long PBKDF2, which cannot be split and is too long for one
 *   WebCrypto call
 * @returns 32 bytes
 */
export async function hashFor(
  password: string,
  stored: PasswordHash,
  deriveLong: DeriveLong,
  inTurn?: InTurn,
): Promise<Bytes> {
  const { salt, rounds, iterations } = stored;
  if (iterations > ITERATIONS_PER_CALL_MAX) return deriveLong(password, salt, iterations);
  return chainedPbkdf2(password, salt, rounds, iterations, inTurn);
}

function bounded(
  scheme: PasswordHash["scheme"],
  rounds: number,
  iterations: number,
  bytes: { salt: Bytes | null; hash: Bytes | null },
): PasswordHash | null {
  const iterationsMax = scheme === "django" ? DJANGO_ITERATIONS_MAX : ITERATIONS_PER_CALL_MAX;
  if (rounds < 1 || rounds > ROUNDS_MAX) return null;
  if (iterations < 1 || iterations > iterationsMax) return null;
  if (bytes.salt === null || bytes.hash?.length !== DERIVED_BYTES) return null;
  return { scheme, rounds, iterations, salt: bytes.salt, hash: bytes.hash };
}

/**
 * Most iterations in one WebCrypto call. Production Workers throw above it; local workerd does not,
 * so this module checks.
 * Source: https://developers.cloudflare.com/workers/runtime-apis/web-crypto/
 */
export const ITERATIONS_PER_CALL_MAX = 100_000;

/** Length of derived keys, in bytes: one output block of SHA-256. */
export const DERIVED_BYTES = 32;

/**
 * Runs a derivation when it is its turn, and passes it a pause that yields the thread. Rejects a
 * derivation by throwing, before any work.
 */
export type InTurn = <Result>(
  derive: (pause: () => Promise<void>) => Promise<Result>,
) => Promise<Result>;

/** Without a queue: for commands. */
const atOnce: InTurn = (derive) => derive(async () => {});

/**
 * Turns of the event loop in the pause between two rounds. Another request takes a few of them: it
 * is read, runs, and is responded to. After one turn the next round would begin in between. More
 * than three make each login slower, and others hardly faster.
 */
const PAUSE_TURNS = 3;

/**
 * Polling interval of a waiting derivation, in milliseconds, for each derivation before it. Those
 * take 12 ms or more each, so the thread is idle for one interval at most. A poll costs 0.09 ms of
 * CPU: with one interval for all, it was a tenth of the CPU of eight logins at a time.
 */
const POLL_MS = 5;

/**
 * After this time without activity a derivation counts as dropped, in milliseconds. It takes a
 * tenth of a second, in production and on a laptop.
 */
const SILENT_MS_MAX = 3_000;

/** What {@link createHashingQueue} needs. */
export interface HashingQueueOptions {
  /** Most derivations in the queue, running or waiting; further ones are rejected. */
  readonly hashesMax: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Waits for that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/**
 * Builds a queue in which derivations of this isolate run one at a time. Each blocks the thread:
 * in parallel none would finish sooner, and other requests would wait for all.
 *
 * Waiters poll instead of being woken by their predecessor: the runtime may drop a request without
 * running its `finally`. The queue throws Refusal `hashing_busy`, before any work, when it is full.
 *
 * @example
 * const inTurn = createHashingQueue({ hashesMax: 32, clock, wait });
 * const key = await inTurn((pause) => derive(pause));
 */
export function createHashingQueue(options: HashingQueueOptions): InTurn {
  const { hashesMax, clock, wait } = options;
  const queue = new InFlight(SILENT_MS_MAX, clock);

  return async (derive) => {
    if (queue.size >= hashesMax) throw new Refusal("hashing_busy");
    const own = queue.begin();
    const live = async (ms: number) => {
      await wait(ms);
      queue.touch(own);
    };
    const pause = async () => {
      for (let turn = 0; turn < PAUSE_TURNS; turn += 1) await live(0);
    };
    try {
      let before = queue.countBefore(own);
      const isQueued = before > 0;
      while (before > 0) {
        await live(before * POLL_MS);
        before = queue.countBefore(own);
      }
      // The derivation before this one ended without a pause.
      if (isQueued) await pause();
      return await derive(pause);
    } finally {
      queue.end(own);
    }
  };
}

/**
 * PBKDF2-HMAC-SHA256 (RFC 8018 §5.2) in `rounds` chained calls, for more iterations than one call
 * allows: the output of a round is the salt of the next, and the password is the key of all. One
 * round is plain PBKDF2. Pauses between rounds, since one blocks the thread for 12 ms.
 *
 * @returns 32 bytes
 * @throws RangeError when one round is above {@link ITERATIONS_PER_CALL_MAX}, before any work
 */
export async function chainedPbkdf2(
  password: string,
  salt: Bytes,
  rounds: number,
  iterationsPerRound: number,
  inTurn: InTurn = atOnce,
): Promise<Bytes> {
  const raw = utf8(password);
  const key = await crypto.subtle.importKey("raw", raw, "PBKDF2", false, ["deriveBits"]);
  return inTurn(async (pause) => {
    let derived = salt;
    for (let round = 0; round < rounds; round += 1) {
      if (round > 0) await pause();
      derived = await derive(key, derived, iterationsPerRound);
    }
    return derived;
  });
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
