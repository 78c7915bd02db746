import { isObject } from "../protocol/json.ts";
import { normalizeUsername } from "../protocol/usernames.ts";

/** A row of `manage.py dumpdata`. Numbers are strings: a key may exceed a double's precision. */
export interface DumpRecord {
  /** For example `auth.user`; in lower case, as in Django. */
  readonly model: string;
  /** Null with `--natural-primary`. */
  readonly pk: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Whether a field, when set, allows or blocks the row. */
export type GateSense = "active" | "blocked";

/** A field that decides whether a row is active. */
export interface Gate {
  readonly field: string;
  readonly sense: GateSense;
  /** The only value that counts as set, for example "active" of a field `status`. */
  readonly value?: string;
}

/** The models of a Django project to import, as `app.model` in lower case. */
export interface DjangoModels {
  readonly user: string;
  /** Django's `USERNAME_FIELD`: the user name for login. */
  readonly usernameField: string;
  /**
   * Fields of a user, in addition to `is_active`, that decide who may log in. `null`: the operator
   * has stated that there are none.
   */
  readonly userGates: readonly Gate[] | null;
  readonly application: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** A converted record with remarks for the report, or the reason why it is rejected. */
export type Mapping<Value> =
  | { readonly value: Value; readonly remarks: readonly string[] }
  | { readonly refusal: string };

/** ISO 8601 in Django's format; without a zone if `USE_TZ` is off. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/;

/** Parses a row. @returns null when it is not in the format of `dumpdata` */
export function parseDumpRecord(value: unknown): DumpRecord | null {
  if (!isObject(value)) return null;
  const { model, pk, fields } = value;
  if (typeof model !== "string" || !isObject(fields)) return null;
  return { model: model.toLowerCase(), pk: referenceTo(pk), fields };
}

/**
 * The key by which other rows refer to a row: its primary key, or its natural key as JSON (a list)
 * with `--natural-foreign`.
 *
 * @returns null when there is no reference
 */
export function referenceTo(value: unknown): string | null {
  if (typeof value === "string" && value !== "") return detached(value);
  // A natural key contains a user name, so it is normalized like one.
  return Array.isArray(value) ? normalizeUsername(JSON.stringify(value)) : null;
}

/** Copies a string that is kept: a slice would keep the whole chunk in memory. */
export function detached(text: string): string {
  return JSON.parse(JSON.stringify(text));
}

/** Parses a time; UTC if it has no zone. @returns milliseconds since the epoch */
export function instantMs(value: unknown): number | null {
  const match = typeof value === "string" ? INSTANT.exec(value) : null;
  if (match === null) return null;
  const ms = new Date(match[1] === undefined ? `${match[0]}Z` : match[0]).getTime();
  return Number.isNaN(ms) ? null : ms;
}

/** Whether a time has no zone. */
export function isWithoutZone(value: unknown): boolean {
  const match = typeof value === "string" ? INSTANT.exec(value) : null;
  return match !== null && match[1] === undefined;
}

/** A string unchanged; any other value as an empty string. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
