import type { DumpRecord } from "./dump-record.ts";
import { effectOf, type Gate, gateOf } from "./gates.ts";
import type { ImportKind, UnreadField } from "./report.ts";

export type { UnreadField } from "./report.ts";

/** What the import reads of each model. The field of the user name comes on top. */
const READ: Readonly<Record<ImportKind, readonly string[]>> = {
  users: ["password", "is_active"],
  clients: [
    ...["client_id", "name", "client_type", "client_secret", "hash_client_secret"],
    ...["authorization_grant_type", "allowed_origins"],
    ...["token_endpoint_auth_method", "client_jwks", "client_jwks_uri"],
  ],
  refresh_tokens: [
    ...["token", "token_checksum", "user", "application", "access_token", "created", "revoked"],
    "resource",
  ],
  access_tokens: [
    ...["token", "token_checksum", "user", "application", "scope", "expires", "created"],
    "resource",
  ],
};

/** What Django and DOT have besides. That it is lost is told; it says nothing of who gets in. */
const STANDARD: Readonly<Record<ImportKind, readonly string[]>> = {
  users: [
    ...["last_login", "is_superuser", "first_name", "last_name", "email", "is_staff"],
    ...["date_joined", "groups", "user_permissions", "username"],
  ],
  clients: [
    ...["user", "redirect_uris", "post_logout_redirect_uris", "skip_authorization", "algorithm"],
    ...["created", "updated"],
  ],
  refresh_tokens: ["updated", "token_family"],
  access_tokens: ["updated", "source_refresh_token", "id_token"],
};

/** Most names of fields that are counted: no model has as many. */
const FIELDS_MAX = 500;

/** Most rows that are named. */
const EXAMPLES_MAX = 3;

const HARMLESS_VALUE = /^(?:true|false|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?)$/;

/** Counts what fields say that the import does not read. */
export interface UnreadFields {
  /** @param name what the report calls the row */
  note(kind: ImportKind, record: DumpRecord, name: string): void;
  /** The fields that may keep out first, and then by how many rows they are of. */
  list(): UnreadField[];
}

/** The fields that Django and DOT give a model; all others are the project's own. */
export function knownFields(kind: ImportKind): ReadonlySet<string> {
  return new Set([...READ[kind], ...STANDARD[kind]]);
}

/** What is counted of a field. */
interface Counted extends UnreadField {
  count: number;
  closed: number;
  value: string | null;
  readonly examples: string[];
  /** Null: its name does not say that it decides who gets in. */
  readonly gate: Gate | null;
}

/**
 * Builds empty {@link UnreadFields}. Of clients and tokens the import reads a field of the
 * project's own that plainly keeps them out: see `closedGateOf`.
 *
 * @param readOfUsers fields of users that this import reads besides
 */
export function createUnreadFields(readOfUsers: readonly string[], nowMs: number): UnreadFields {
  const read = {
    users: new Set([...READ.users, ...readOfUsers]),
    clients: new Set(READ.clients),
    refresh_tokens: new Set(READ.refresh_tokens),
    access_tokens: new Set(READ.access_tokens),
  };
  const counted = new Map<string, Counted>();

  function countedField(kind: ImportKind, field: string): Counted | null {
    const key = `${kind} ${field}`;
    const known = counted.get(key);
    if (known !== undefined || counted.size >= FIELDS_MAX) return known ?? null;
    const isStandard = STANDARD[kind].includes(field);
    const gate = isStandard ? null : gateOf(field);
    const nothing = { count: 0, closed: 0, examples: [], value: null };
    const made: Counted = { kind, field, isStandard, gate, ...nothing };
    counted.set(key, made);
    return made;
  }

  function noteValue(entry: Counted, value: unknown, name: string): void {
    if (entry.isStandard && value === false) return;
    const effect = entry.gate === null ? "admits" : effectOf(entry.gate, value, nowMs);
    const isRead = entry.gate !== null && entry.kind !== "users" && effect !== "unclear";
    if (isRead) return;
    entry.count += 1;
    if (!entry.isStandard) entry.value ??= harmless(value);
    if (effect === "admits") return;
    entry.closed += 1;
    if (entry.examples.length < EXAMPLES_MAX) entry.examples.push(name);
  }

  return {
    note(kind, { fields }, name) {
      for (const [field, value] of Object.entries(fields)) {
        if (read[kind].has(field) || isEmpty(value)) continue;
        const entry = countedField(kind, field);
        if (entry !== null) noteValue(entry, value, name);
      }
    },

    list() {
      return [...counted.values()]
        .filter(({ count }) => count > 0)
        .sort((one, other) => other.closed - one.closed || other.count - one.count)
        .map(({ gate, ...field }) => field);
    },
  };
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function harmless(value: unknown): string | null {
  const text = typeof value === "boolean" || typeof value === "string" ? `${value}` : "";
  return HARMLESS_VALUE.test(text) ? text : null;
}
