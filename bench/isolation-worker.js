/** The Worker of `isolation.ts`: hashes a password here, in a Durable Object or in another Worker. */
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

const ROUNDS = 6;
const ITERATIONS = 100_000;

/** @param {(ms: number) => Promise<void>} pause between two rounds */
async function hash(pause) {
  const raw = crypto.getRandomValues(new Uint8Array(16));
  const key = await crypto.subtle.importKey("raw", raw, "PBKDF2", false, ["deriveBits"]);
  let salt = raw;
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round > 0) await pause();
    const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ITERATIONS };
    salt = new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
  }
}

const never = async () => {};
const always = () => scheduler.wait(0);

/** As in `src/crypto/password-hash.ts`. */
async function severalTurns() {
  for (let turn = 0; turn < 3; turn += 1) await scheduler.wait(0);
}

const queue = [];

/** As `src/crypto/password-hash.ts` does it. */
async function inTurn() {
  const own = {};
  queue.push(own);
  if (queue[0] !== own) {
    while (queue[0] !== own) await scheduler.wait(5);
    await severalTurns();
  }
  await hash(severalTurns);
  queue.shift();
}

export class Hasher extends DurableObject {
  async hash() {
    await hash(never);
  }
}

export class HashingService extends WorkerEntrypoint {
  async hash() {
    await hash(never);
  }
}

const MANNERS = {
  inline: () => hash(never),
  pauses: () => hash(always),
  queue: inTurn,
  object: (env) => env.HASHERS.getByName(String(Math.floor(Math.random() * 16))).hash(),
  service: (env) => env.HASHING.hash(),
};

export default {
  async fetch(request, env) {
    await MANNERS[new URL(request.url).pathname.slice(1)]?.(env);
    return new Response("done");
  },
};
