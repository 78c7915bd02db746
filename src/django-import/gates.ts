import { type Gate, type GateSense, instantMs } from "./dump-record.ts";

export type { Gate, GateSense } from "./dump-record.ts";

/** The effect of a {@link Gate}'s value; `unclear`: it is neither yes, no nor a time. */
export type GateEffect = "admits" | "keeps out" | "unclear";

const BLOCKED_WORDS = new Set([
  ...["disabled", "inactive", "deactivated", "blocked", "banned", "locked", "suspended", "deleted"],
  ...["removed", "revoked", "expired", "expires", "expiry", "expiration", "frozen", "archived"],
  ...["blacklisted", "denylisted", "terminated", "closed", "rejected", "denied", "invalid"],
  ...["invalidated", "cancelled", "canceled", "paused", "quarantined", "lockout", "unusable"],
  ...["restricted", "trashed", "retired", "ended", "forbidden"],
]);

const ACTIVE_WORDS = new Set([
  ...["active", "enabled", "activated", "approved", "allowed", "usable", "verified", "confirmed"],
  ...["valid", "permitted", "authorized", "accepted", "status"],
]);

const YES = new Set(["true", "1", "t", "y", "yes", "on"]);
const NO = new Set(["false", "0", "f", "n", "no", "off"]);

/** A field such as `locked_until` or `valid_to`, which is in effect until its time. */
const UNTIL = /_(?:until|till|to|through|end|ends)$/;

const DATE = /^\d{4}-\d\d-\d\d$/;

/** Recognizes a gate by the name of a field. @returns null when it is not one */
export function gateOf(field: string): Gate | null {
  const words = snakeCase(field).split("_");
  const isNegated = words.some((word) => word === "not" || word === "non" || word === "no");
  const isBlocked = words.some((word) => BLOCKED_WORDS.has(word));
  if (!isBlocked && !words.some((word) => ACTIVE_WORDS.has(word))) return null;
  return { field, sense: isBlocked === isNegated ? "active" : "blocked" };
}

/** The effect of a value at `nowMs`. A null admits, unless the gate must be set. */
export function effectOf(gate: Gate, value: unknown, nowMs: number): GateEffect {
  const { field, sense } = gate;
  if (gate.value !== undefined) return (`${value}` === gate.value) === isActive(sense) ? IN : OUT;
  const holdsUntil = UNTIL.test(snakeCase(field));
  if (value === null || value === undefined || value === "") {
    return sense === "blocked" || holdsUntil ? "admits" : "keeps out";
  }
  const timeMs = timeOf(value);
  if (timeMs !== null) return holds(timeMs, holdsUntil, nowMs) === isActive(sense) ? IN : OUT;
  const text = typeof value === "string" || typeof value === "boolean" ? `${value}` : "";
  const flag = text.toLowerCase();
  if (YES.has(flag)) return isActive(sense) ? IN : OUT;
  if (NO.has(flag)) return isActive(sense) ? OUT : IN;
  // For example "suspended" in a field `status`.
  const said = isActive(sense) ? gateOf(text) : null;
  return said === null ? "unclear" : isActive(said.sense) ? IN : OUT;
}

/** The first field of a row that blocks it, excluding the fields of `readElsewhere`. */
export function closedGateOf(
  fields: Readonly<Record<string, unknown>>,
  readElsewhere: ReadonlySet<string>,
  nowMs: number,
): string | null {
  for (const [field, value] of Object.entries(fields)) {
    if (readElsewhere.has(field)) continue;
    const gate = gateOf(field);
    if (gate !== null && isSet(value) && effectOf(gate, value, nowMs) === "keeps out") return field;
  }
  return null;
}

const IN = "admits";
const OUT = "keeps out";

function isActive(sense: GateSense): boolean {
  return sense === "active";
}

/** A null in an unknown field is ignored: `approved_by` of a row that needs no approval. */
function isSet(value: unknown): boolean {
  return value !== null && value !== undefined && value !== "";
}

function holds(timeMs: number, holdsUntil: boolean, nowMs: number): boolean {
  return holdsUntil ? nowMs < timeMs : timeMs <= nowMs;
}

function timeOf(value: unknown): number | null {
  const isDate = typeof value === "string" && DATE.test(value);
  return instantMs(isDate ? `${value}T00:00:00Z` : value);
}

function snakeCase(field: string): string {
  return field.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}
