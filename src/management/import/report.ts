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

/** What an import did, or would do. */
export interface ImportReport {
  readonly counts: Readonly<Record<ImportKind, Readonly<Record<ImportOutcome, number>>>>;
  readonly reasons: readonly ImportReason[];
  /** How many records there are of models that are not brought over. */
  readonly ignored: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
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
    ignored: () => Object.fromEntries(ignored),
    report(earlier) {
      const sorted = [...reasons.values()].sort((one, other) => other.count - one.count);
      const models = Object.fromEntries(ignored);
      return { counts, reasons: sorted, ignored: models, warnings, earlier };
    },
  };
}
