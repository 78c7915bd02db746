import type { Kind } from "./kinds.ts";

/** One row of a table. Everything that is said or checked about a setting comes from its row. */
export interface Setting<Value = unknown> {
  readonly name: string;
  readonly kind: Kind<Value>;
  /** What an absent one means; null: nothing. A setting without a default must be set. */
  readonly default?: string | number | null;
  /** One or two sentences in Markdown, for docs/configuration.md and the Deploy button. */
  readonly doc: string;
  /** What `doctor` says of values that are allowed and rarely wise. */
  readonly advice?: {
    isWise(value: Value): boolean;
    /** Completes the sentence "NAME is VALUE: ...". */
    readonly otherwise: string;
  };
}
