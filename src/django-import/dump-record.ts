import { normalizeUsername } from "../protocol/usernames.ts";

/** One row of `manage.py dumpdata`. Numbers in it are text: a key may be longer than a double. */
export interface DumpRecord {
  /** Such as `auth.user`; in lower case, as Django writes it. */
  readonly model: string;
  /** Null where the dump was made with `--natural-primary`. */
  readonly pk: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a field says of a row when it is set: that it lets in, or that it keeps out. */
export type GateSense = "active" | "blocked";

/** A field that decides who gets in. */
export interface Gate {
  readonly field: string;
  readonly sense: GateSense;
  /** The one value that counts as set, such as "active" of a field `status`. */
  readonly value?: string;
}

/** The models of a Django project that are brought over, as `app.model` in lower case. */
export interface DjangoModels {
  readonly user: string;
  /** The field of a user with what is typed at a login: Django's `USERNAME_FIELD`. */
  readonly usernameField: string;
  /**
   * Fields of a user, besides `is_active`, that say who may log in. `null`: the operator says that
   * there is none, whatever their names.
   */
  readonly userGates: readonly Gate[] | null;
  readonly application: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** What becomes of a record: something to write, with what is worth saying of it, or nothing. */
export type Mapping<Value> =
  | { readonly value: Value; readonly remarks: readonly string[] }
  | { readonly refusal: string };

/** ISO 8601 as Django writes it; without a zone where `USE_TZ` is off. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/;

/** Reads a row. @returns null for what `dumpdata` does not write */
export function parseDumpRecord(value: unknown): DumpRecord | null {
  if (!isObject(value)) return null;
  const { model, pk, fields } = value;
  if (typeof model !== "string" || !isObject(fields)) return null;
  return { model: model.toLowerCase(), pk: referenceTo(pk), fields };
}

/**
 * What a row is called where another refers to it: its primary key, or with `--natural-foreign` the
 * list that stands for it, as JSON.
 *
 * @returns null when there is no reference
 */
export function referenceTo(value: unknown): string | null {
  if (typeof value === "string" && value !== "") return detached(value);
  // A list is a name, and names that differ only in how characters are composed are one.
  return Array.isArray(value) ? normalizeUsername(JSON.stringify(value)) : null;
}

/** Copies a text that is kept: as a slice of what was read, it would keep all of that too. */
export function detached(text: string): string {
  return JSON.parse(JSON.stringify(text));
}

/** Reads a time; one without a zone is taken for UTC. @returns milliseconds since the epoch */
export function instantMs(value: unknown): number | null {
  const match = typeof value === "string" ? INSTANT.exec(value) : null;
  if (match === null) return null;
  const ms = new Date(match[1] === undefined ? `${match[0]}Z` : match[0]).getTime();
  return Number.isNaN(ms) ? null : ms;
}

/** Whether a time does not say where it is meant. */
export function isWithoutZone(value: unknown): boolean {
  const match = typeof value === "string" ? INSTANT.exec(value) : null;
  return match !== null && match[1] === undefined;
}

/** A text as it is; what is none is empty. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
