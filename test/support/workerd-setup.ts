import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll } from "vitest";
import { emptyStorage } from "./empty-storage.ts";

/** What production Workers allow in one call; local workerd allows any number. */
const PRODUCTION_ITERATIONS_MAX = 100_000;

const deriveBits = crypto.subtle.deriveBits.bind(crypto.subtle);

/** Makes workerd refuse what production rejects, in every test. */
crypto.subtle.deriveBits = async (algorithm, key, length) => {
  const { iterations = 0 } = algorithm as { iterations?: number };
  if (iterations > PRODUCTION_ITERATIONS_MAX) {
    const reason = `iteration counts above ${PRODUCTION_ITERATIONS_MAX} are not supported`;
    throw new DOMException(reason, "NotSupportedError");
  }
  return deriveBits(algorithm, key, length);
};

/** A line for each of thousands of requests would bury the results. A spy sees them all the same. */
const { log } = console;
console.log = (...words: unknown[]) => {
  if (!String(words[0]).startsWith('{"event":')) log(...words);
};

/** Files share a workerd, and each begins with empty storage. */
beforeAll(async () => {
  const { TEST_MIGRATIONS } = env as Env & { TEST_MIGRATIONS: D1Migration[] };
  await emptyStorage();
  await applyD1Migrations(env.DB, TEST_MIGRATIONS);
});
