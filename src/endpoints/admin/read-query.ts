import { Refusal } from "../../errors/refusal.ts";

/** Most parameters of a query; three are in use. */
const PARAMETERS_MAX = 8;

/**
 * Reads the query of a list. Converts `limit` to a number; the list validates the values.
 *
 * @throws Refusal for a duplicate parameter, and for too many
 */
export function readQuery(request: Request): Readonly<Record<string, unknown>> {
  const pairs = [...new URL(request.url).searchParams];
  if (pairs.length > PARAMETERS_MAX) throw new Refusal("too_many_parameters");
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) {
    throw new Refusal("repeated_parameter");
  }
  const values = pairs.map(([name, value]) => {
    return [name, name === "limit" && /^\d{1,9}$/.test(value) ? Number(value) : value];
  });
  return Object.fromEntries(values);
}
