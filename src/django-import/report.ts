/** What is brought over. */
export const IMPORT_KINDS = ["users", "clients", "refresh_tokens", "access_tokens"] as const;

/** One of {@link IMPORT_KINDS}. */
export type ImportKind = (typeof IMPORT_KINDS)[number];

/** What became of a record: `changed` is taken too, and not quite as it was. */
export const IMPORT_OUTCOMES = ["taken", "changed", "unchanged", "refused"] as const;

/** One of {@link IMPORT_OUTCOMES}. */
export type ImportOutcome = (typeof IMPORT_OUTCOMES)[number];

/** How many records a reason is true of. */
export interface ImportReason {
  readonly kind: ImportKind;
  readonly outcome: ImportOutcome;
  readonly reason: string;
  readonly count: number;
  /** Names of some: user names, client ids, primary keys of tokens; never a token. */
  readonly examples: readonly string[];
}

/** A field of the dump that is not brought over. */
export interface UnreadField {
  readonly kind: ImportKind;
  readonly field: string;
  /** In how many rows it says something. */
  readonly count: number;
  /** Whether Django or DOT has it; all others are the project's own. */
  readonly isStandard: boolean;
  /** In how many rows it may keep out what the import lets in. */
  readonly closed: number;
  /** Names of some of those rows. */
  readonly examples: readonly string[];
  /** A value of it, where it tells no secret: a yes, a no or a time. */
  readonly value: string | null;
}

/** What an import did, or would do. */
export interface ImportReport {
  readonly counts: Readonly<Record<ImportKind, Readonly<Record<ImportOutcome, number>>>>;
  readonly reasons: readonly ImportReason[];
  /** How many records there are of models that are not brought over. */
  readonly ignored: Readonly<Record<string, number>>;
  /** Fields that are not brought over; first those that may keep out. */
  readonly unread: readonly UnreadField[];
  readonly warnings: readonly string[];
  /** What is to be known besides, whatever the dump has. */
  readonly notes: readonly string[];
  readonly earlier: EarlierTokens;
}

/** What became of tokens of an earlier import. */
export interface EarlierTokens {
  /** Had expired, and are gone now. */
  readonly expiredRemoved: number;
  /** Were revoked there since, or their user deactivated, and are ended now. */
  readonly revokedEnded: number;
}

/** Most names that one reason gives. */
const EXAMPLES_MAX = 5;

/** Collects what becomes of records. */
export interface Tally {
  /** Counts one record, and the reasons for what became of it. */
  note(kind: ImportKind, outcome: ImportOutcome, name: string, ...reasons: string[]): void;
  /** Counts records that nothing is to be said of. */
  add(kind: ImportKind, outcome: ImportOutcome, count: number): void;
  ignore(model: string): void;
  warn(warning: string): void;
  /** Says something that the operator should know, and that is no fault of the dump. */
  tell(note: string): void;
  /** Says which fields the import does not read. */
  unread(fields: readonly UnreadField[]): void;
  /** The models that were ignored so far, with how many records each has. */
  ignored(): Readonly<Record<string, number>>;
  report(earlier: EarlierTokens): ImportReport;
}

/** Builds an empty {@link Tally}. */
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

/** How much an operator has to do about it, most first. */
const WORST = ["refused", "changed", "unchanged", "taken"];

function worstFirst(one: ImportReason, other: ImportReason): number {
  const byOutcome = WORST.indexOf(one.outcome) - WORST.indexOf(other.outcome);
  const byKind = IMPORT_KINDS.indexOf(one.kind) - IMPORT_KINDS.indexOf(other.kind);
  return byOutcome || byKind || other.count - one.count;
}
