import * as z from "zod/mini";
import english from "zod/v4/locales/en.js";

/**
 * A schema that is made at its first use. Few isolates serve management requests, and a schema made
 * at start-up would delay all of them.
 */
export function onDemand<Schema extends z.ZodMiniType>(make: () => Schema): () => Schema {
  let schema: Schema | undefined;
  return () => {
    // zod/mini has no messages until a locale is set. `z.locales` would bundle all of them.
    if (schema === undefined) z.config(english());
    schema ??= make();
    return schema;
  };
}
