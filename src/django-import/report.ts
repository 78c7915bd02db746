/** Kinds of imported records. */
export const IMPORT_KINDS = ["users", "clients", "refresh_tokens", "access_tokens"] as const;

/** One of {@link IMPORT_KINDS}. */
export type ImportKind = (typeof IMPORT_KINDS)[number];

/** The outcome of a record. `changed`: imported with changes. `refused`: not imported. */
export const IMPORT_OUTCOMES = ["taken", "changed", "unchanged", "refused"] as const;

/** One of {@link IMPORT_OUTCOMES}. */
type ImportOutcome = (typeof IMPORT_OUTCOMES)[number];

/** A reason of the report, with the number of its records. */
export interface ImportReason {
  readonly kind: ImportKind;
  readonly outcome: ImportOutcome;
  readonly reason: string;
  readonly count: number;
  /** Some of the records: user names, client ids, primary keys of tokens; never tokens. */
  readonly examples: readonly string[];
}

/** A field of the dump that is not imported. */
export interface UnreadField {
  readonly kind: ImportKind;
  readonly field: string;
  /** Number of rows with a value. */
  readonly count: number;
  /** Whether Django or DOT defines it; otherwise it is a custom field. */
  readonly isStandard: boolean;
  /** Number of imported rows that it may block on the old server. */
  readonly closed: number;
  /** Some of those rows. */
  readonly examples: readonly string[];
  /** An example value, if it cannot be a secret: a boolean or a time. */
  readonly value: string | null;
}

/** The report of an import or a dry run. */
export interface ImportReport {
  readonly counts: Readonly<Record<ImportKind, Readonly<Record<ImportOutcome, number>>>>;
  readonly reasons: readonly ImportReason[];
  /** Number of records of each model that is not imported. */
  readonly ignored: Readonly<Record<string, number>>;
  /** Fields that are not imported; first those that may block rows. */
  readonly unread: readonly UnreadField[];
  readonly warnings: readonly string[];
  /** General notes. */
  readonly notes: readonly string[];
  readonly earlier: EarlierTokens;
}

/** Changes to tokens of an earlier import. */
interface EarlierTokens {
  /** Expired tokens that were removed. */
  readonly expiredRemoved: number;
  /** Tokens that were ended, because the old server has revoked them or deactivated their user. */
  readonly revokedEnded: number;
}

/** Maximum number of examples of a reason. */
const EXAMPLES_MAX = 5;

/** Collects the outcomes of records. */
export interface Tally {
  /** Counts a record, with the reasons for its outcome. */
  note(kind: ImportKind, outcome: ImportOutcome, name: string, ...reasons: string[]): void;
  /** Counts records without reasons. */
  add(kind: ImportKind, outcome: ImportOutcome, count: number): void;
  ignore(model: string): void;
  warn(warning: string): void;
  /** Adds a note for the operator that is not a problem of the dump. */
  tell(note: string): void;
  /** Sets the fields that are not imported. */
  unread(fields: readonly UnreadField[]): void;
  /** The number of ignored records so far, by model. */
  ignored(): Readonly<Record<string, number>>;
  report(earlier: EarlierTokens): ImportReport;
}

/** Creates an empty {@link Tally}. */
export function createTally(): Tally {
  const none = () => ({ taken: 0, changed: 0, unchanged: 0, refused: 0 });
  const counts = {
    users: none(),
    clients: none(),
    refresh_tokens: none(),
    access_tokens: none(),
  };
  const reasons = new Map<string, ImportReason & { count: number; examples: string[] }>();
  const ignored = new Map<string, number>();
  const warnings: string[] = [];
  const notes: string[] = [];
  let unread: readonly UnreadField[] = [];
  return {
    note(kind, outcome, name, ...why) {
      counts[kind][outcome] += 1;
      for (const reason of new Set(why)) {
        const key = `${kind} ${outcome} ${reason}`;
        const known = reasons.get(key) ?? { kind, outcome, reason, count: 0, examples: [] };
        known.count += 1;
        if (known.examples.length < EXAMPLES_MAX) known.examples.push(name);
        reasons.set(key, known);
      }
    },
    add(kind, outcome, count) {
      counts[kind][outcome] += count;
    },
    ignore(model) {
      ignored.set(model, (ignored.get(model) ?? 0) + 1);
    },
    warn(warning) {
      warnings.push(warning);
    },
    tell(note) {
      notes.push(note);
    },
    unread(fields) {
      unread = fields;
    },
    ignored: () => Object.fromEntries(ignored),
    report(earlier) {
      const sorted = [...reasons.values()].sort(worstFirst);
      const models = Object.fromEntries(ignored);
      const said = { warnings, notes, unread, earlier };
      return { counts, reasons: sorted, ignored: models, ...said };
    },
  };
}

/** Outcomes, ordered by how much attention they need. */
const WORST = ["refused", "changed", "unchanged", "taken"];

function worstFirst(one: ImportReason, other: ImportReason): number {
  const byOutcome = WORST.indexOf(one.outcome) - WORST.indexOf(other.outcome);
  const byKind = IMPORT_KINDS.indexOf(one.kind) - IMPORT_KINDS.indexOf(other.kind);
  return byOutcome || byKind || other.count - one.count;
}
