import { storage } from "./storage-model/index.ts";
import { type Bindings, type Intercept, wrapBindings } from "./storage-model/wrap.ts";

export type { Bindings, Intercept } from "./storage-model/wrap.ts";

/** Wraps the bindings of the tests so that `intercept` sees each round trip to storage. */
export function interceptBindings(intercept: Intercept): Bindings {
  return wrapBindings(storage, intercept);
}

/** Bindings whose operations fail without effect if their names begin so, such as `d1.batch`. */
export function failingBindings(start: string): Bindings {
  return interceptBindings((operation, proceed) => {
    return operation.startsWith(start) ? Promise.reject(new Error("down")) : proceed();
  });
}
