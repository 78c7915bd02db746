import { env } from "cloudflare:workers";

/** What the environment says about histories and fuzzing, by way of `test/support/vitest-projects.ts`. */
const given = env as Partial<Record<"SEED" | "OPERATIONS" | "REQUESTS" | "MINUTES", string>>;

/** The seed that `SEED` asks for, or a new one. */
export const SEED: number = given.SEED ? numberOf("SEED", given.SEED) : Date.now() % 1_000_000;

/** The number that a soak was given. */
export function soakNumber(name: "OPERATIONS" | "REQUESTS" | "MINUTES"): number {
  return numberOf(name, given[name] ?? "");
}

function numberOf(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number`);
  return Number(text);
}
