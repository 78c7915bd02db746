import * as z from "zod/mini";
import english from "zod/v4/locales/en.js";

/**
 * A schema that is made at its first use: few isolates ever check what an operator sends, and none
 * should make it while it starts.
 */
export function onDemand<Schema extends z.ZodMiniType>(make: () => Schema): () => Schema {
  let schema: Schema | undefined;
  return () => {
    // zod/mini has no words of its own until it is told whose; `z.locales` would bring every one.
    if (schema === undefined) z.config(english());
    schema ??= make();
    return schema;
  };
}
