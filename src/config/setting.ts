import type { Kind } from "./kinds.ts";

/** One row of a table of settings: the source of its type, check and documentation. */
export interface Setting<Value = unknown> {
  readonly name: string;
  readonly kind: Kind<Value>;
  /** The value of an absent setting; null: none. A setting without a default is required. */
  readonly default?: string | number | null;
  /** One or two sentences in Markdown, for docs/configuration.md and the Deploy button. */
  readonly doc: string;
  /** The warning of `doctor` for valid values that are rarely intended. */
  readonly advice?: {
    isWise(value: Value): boolean;
    /** Completes the sentence "NAME is VALUE: ...". */
    readonly otherwise: string;
  };
}
