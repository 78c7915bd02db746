import type * as z from "zod/mini";

/** Values that other parts of the service define. */
export interface KnownValues {
  readonly grantTypes: readonly string[];
}

/**
 * How a column holds a value. `plain`: as it is; `scope`: as it is, which the service reads as a
 * set of scope tokens; `words`: separated by spaces; `flag`: 0 or 1.
 */
export type ColumnKind = "plain" | "scope" | "words" | "json" | "flag";

/** One field of a client. Its column in the table `clients` has the same name. */
export interface ClientField {
  /** Its property of `Client`. */
  readonly property: string;
  /** What it means, as a phrase. */
  readonly description: string;
  readonly column: ColumnKind;
  /** What is valid, and the default. A function: see `admin/on-demand.ts`. */
  readonly schema: (known: KnownValues) => z.ZodMiniType;
  /** What an absent value means, where the schema has no default. */
  readonly absent?: string;
  /** For documents, where JSON Schema cannot express `schema`. */
  readonly documented?: () => z.ZodMiniType;
  /** Its option of `client create` and `client update`, or none: another command changes it. */
  readonly option?: string;
}
