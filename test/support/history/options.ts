import { env } from "cloudflare:workers";

/** What the environment sets for a run, by way of `test/support/vitest-projects.ts`. */
const given = env as Partial<Record<"SEED" | "OPERATIONS" | "REQUESTS" | "MINUTES", string>>;

/** The seed that `SEED` sets, or a new one. */
export const SEED: number = given.SEED ? numberOf("SEED", given.SEED) : Date.now() % 1_000_000;

/** A number that `npm run test:proofs -- --size soak` sets, or the default. */
export function sizeOf(name: "OPERATIONS" | "REQUESTS" | "MINUTES", otherwise: number): number {
  return given[name] ? numberOf(name, given[name]) : otherwise;
}

function numberOf(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number`);
  return Number(text);
}
