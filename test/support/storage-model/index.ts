import { env } from "cloudflare:workers";
import { createDelays, NEAR } from "./delays.ts";
import { acrossLocations } from "./kv.ts";
import { restarting } from "./restarts.ts";
import { type Bindings, type Intercept, wrapBindings } from "./wrap.ts";

/** What vitest-projects.ts sets for the project that runs over the model. */
const { STORAGE_MODEL } = env as Env & { readonly STORAGE_MODEL?: string };

/** The bindings of the tests: workerd's own, or those with the behaviour of production. */
export const storage: Bindings = STORAGE_MODEL === "production" ? asInProduction(env) : env;

/**
 * Makes workerd's bindings behave as those of production: KV in two locations, distances, objects
 * that restart. The limit of PBKDF2 applies in all tests; see workerd-setup.ts.
 */
function asInProduction(bindings: Bindings): Bindings {
  const restart = restarting();
  const delayOf = createDelays(NEAR);
  const intercept: Intercept = async (operation, proceed, args, target) => {
    const ms = delayOf(operation, args);
    if (ms > 0) await scheduler.wait(ms);
    return restart(operation, proceed, args, target);
  };
  const ACCESS_TOKENS = acrossLocations(bindings.ACCESS_TOKENS);
  return wrapBindings({ ...bindings, ACCESS_TOKENS }, intercept);
}
