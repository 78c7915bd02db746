import type { CodeRules } from "../model.ts";

/** A request that a check must turn away, so that it changes nothing. */
export type Flaw =
  | ("scope" | "client" | "secret" | "key" | "repeated" | "query")
  /** Of the exchange of a code. */
  | ("verifier" | "no verifier" | "redirect" | "resource");

/** What can be done to one family, or to the user and the client it belongs to. */
export type Operation =
  | { readonly kind: "log in"; readonly password: string }
  /** Signs in at the authorization endpoint and consents: code 0. */
  | { readonly kind: "authorize"; readonly password: string }
  /** Goes back and consents again: another code of the same request. */
  | { readonly kind: "approve"; readonly code: number }
  | {
      readonly kind: "exchange";
      readonly code: number;
      /** The `Idempotency-Key`, or null. */
      readonly key: string | null;
      readonly flaw: Flaw | null;
    }
  /** Presents the refresh token of a generation. */
  | {
      readonly kind: "refresh";
      readonly generation: number;
      /** The `Idempotency-Key`, or null. */
      readonly key: string | null;
      readonly flaw: Flaw | null;
    }
  /** Asks whether the access token of a generation is active. */
  | { readonly kind: "inspect"; readonly generation: number }
  /** `isForeign`: requested by a client that does not own the family. */
  | { readonly kind: "revoke"; readonly isForeign: boolean }
  | { readonly kind: "set password"; readonly password: string }
  | { readonly kind: "set active"; readonly isActive: boolean }
  | { readonly kind: "set disabled"; readonly isDisabled: boolean }
  /** The operator's not-before time, on the user or on the client. */
  | { readonly kind: "end sessions"; readonly of: "user" | "client" }
  /** What the platform does to an object by itself: no client may notice. */
  | { readonly kind: "platform"; readonly event: "alarm" | "evict" };

/** What the caller learned. */
export type Answer =
  | "given"
  /** `invalid_grant`. */
  | "refused"
  /** `invalid_client`. */
  | "unauthorized"
  /** Another error of the request's own. */
  | "rejected"
  | "active"
  | "inactive"
  | "done"
  /** Asked to retry, and nothing was done. */
  | "busy"
  /** An outage: it may have taken effect or not. */
  | "unknown";

/** One operation with its response. */
export interface Entry {
  readonly caller: string;
  readonly operation: Operation;
  readonly answer: Answer;
  /** Positions in the total order of all beginnings and ends. */
  readonly begunAt: number;
  /** When it could no longer take effect; not before its response. */
  readonly endedAt: number;
  /** What was made to go wrong, for people. */
  readonly fault: string;
  /**
   * How many calls took effect before the one that was answered: the Worker repeats a call of its
   * own that failed, and others may come between.
   */
  readonly unseenEffects: number;
}

/** Operations of which any may overlap; none overlaps with another round. */
export interface Round {
  readonly startMs: number;
  /** How long it took. */
  readonly lengthMs: number;
  readonly entries: readonly Entry[];
}

/** The user and the client of a family, as they were before its login. */
export interface Accounts {
  readonly password: string;
  readonly isActive: boolean;
  readonly isDisabled: boolean;
}

/**
 * All that was ever done to one family, and what came of it. The first round has its login, or its
 * authorization request.
 */
export interface FamilyHistory {
  readonly name: string;
  readonly rules: CodeRules;
  readonly accounts: Accounts;
  readonly rounds: readonly Round[];
}

/** An entry in a line. */
function describeEntry({ caller, operation, answer, begunAt, endedAt, fault }: Entry): string {
  const { kind, ...details } = operation;
  const text = Object.entries(details)
    .filter(([, value]) => value !== null && value !== false)
    .map(([name, value]) => ` ${name}=${value}`)
    .join("");
  const when = `${begunAt}-${endedAt}`.padEnd(15);
  return `  ${when} ${caller.padEnd(9)} ${kind}${text}: ${answer}${fault && ` (${fault})`}`;
}

/** A history in lines, so that a person can follow it. */
export function describeHistory({ name, rounds }: FamilyHistory): string {
  const lines = rounds.flatMap(({ startMs, lengthMs, entries }, index) => {
    const afterMs = startMs - (rounds[0]?.startMs ?? startMs);
    const head = `round ${index}, ${afterMs} ms after the first, ${lengthMs} ms long`;
    const inOrder = [...entries].sort((one, other) => one.begunAt - other.begunAt);
    return [head, ...inOrder.map(describeEntry)];
  });
  return [name, ...lines].join("\n");
}
