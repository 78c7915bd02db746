import type { DumpRecord } from "./dump-record.ts";
import { effectOf, type Gate, gateOf } from "./gates.ts";
import { PROFILE_SOURCES } from "./profiles.ts";
import type { ImportKind, UnreadField } from "./report.ts";

export type { UnreadField } from "./report.ts";

/** The fields that the import reads, in addition to the user name field. */
const READ: Readonly<Record<ImportKind, readonly string[]>> = {
  users: ["password", "is_active", "username", ...PROFILE_SOURCES],
  clients: [
    ...["client_id", "name", "client_type", "client_secret", "hash_client_secret"],
    ...["authorization_grant_type", "allowed_origins", "redirect_uris"],
    ...["post_logout_redirect_uris", "skip_authorization", "algorithm"],
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

/** Other fields of Django and DOT. They are reported; none of them blocks a row. */
const STANDARD: Readonly<Record<ImportKind, readonly string[]>> = {
  users: [
    ...["last_login", "is_superuser", "is_staff"],
    ...["date_joined", "groups", "user_permissions"],
  ],
  clients: ["user", "created", "updated"],
  refresh_tokens: ["updated", "token_family"],
  access_tokens: ["updated", "source_refresh_token", "id_token"],
};

/** Maximum number of counted fields; no model has as many. */
const FIELDS_MAX = 500;

/** Maximum number of example rows. */
const EXAMPLES_MAX = 3;

const HARMLESS_VALUE = /^(?:true|false|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?)$/;

/** Counts values of fields that the import does not read. */
export interface UnreadFields {
  /** @param name the name of the row in the report */
  note(kind: ImportKind, record: DumpRecord, name: string): void;
  /** Fields, ordered by the number of rows that they may block, then of rows with a value. */
  list(): UnreadField[];
}

/** The fields of Django and DOT; all others are custom fields. */
export function knownFields(kind: ImportKind): ReadonlySet<string> {
  return new Set([...READ[kind], ...STANDARD[kind]]);
}

/** The counts of a field. */
interface Counted extends UnreadField {
  count: number;
  closed: number;
  value: string | null;
  readonly examples: string[];
  /** Null: not a gate, by its name. */
  readonly gate: Gate | null;
}

/**
 * Creates empty {@link UnreadFields}. A custom field that clearly blocks a client or token is
 * read; see `closedGateOf`.
 *
 * @param readOfUsers additional user fields that the import reads
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
