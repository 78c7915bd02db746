import { NAME_LENGTH_MAX } from "./params.ts";

/** How user names are compared: `exact` distinguishes `Ada` from `ada`. */
export const USERNAME_MODES = ["exact", "case-insensitive"] as const;

/** One of {@link USERNAME_MODES}. */
export type UsernameMode = (typeof USERNAME_MODES)[number];

/**
 * The key that all spellings of a user name share: NFC, lower case. The column
 * `users.username_key`; SQL cannot fill it, since SQLite folds only ASCII.
 */
export function usernameKey(username: string): string {
  return normalizeUsername(username).toLowerCase().normalize("NFC");
}

/** The spelling that is stored: NFC. */
export function normalizeUsername(username: string): string {
  return username.normalize("NFC");
}

/** Whether a user name is too long: as sent, or as stored, where it can be longer. */
export function isUsernameTooLong(username: string): boolean {
  return Math.max(username.length, normalizeUsername(username).length) > NAME_LENGTH_MAX;
}

/**
 * Finds the row of a user name among rows with similar names. In both modes an equal name has
 * precedence, then a name with the same NFC form.
 *
 * @returns undefined if there is none, or if several differ only in case
 */
export function rowOfName<Row extends { readonly username: string }>(
  rows: readonly Row[],
  username: string,
  mode: UsernameMode,
): Row | undefined {
  const composed = normalizeUsername(username);
  const same =
    rows.find((row) => row.username === username) ??
    rows.find((row) => normalizeUsername(row.username) === composed);
  if (same !== undefined || mode === "exact") return same;
  const similar = rows.filter((row) => usernameKey(row.username) === usernameKey(username));
  return similar.length === 1 ? similar[0] : undefined;
}

/** The spellings under which a name may be stored: versions before 0.3 did not normalise. */
export function listSpellings(username: string): string[] {
  return [...new Set([username, username.normalize("NFC"), username.normalize("NFD")])];
}

/**
 * Selects the row of each user name among rows with similar names.
 *
 * @returns the rows by the requested name
 */
export function rowsByName<Row extends { readonly id: string; readonly username: string }>(
  rows: readonly Row[],
  usernames: readonly string[],
  mode: UsernameMode,
): ReadonlyMap<string, Row> {
  const similar = new Map<string, Row[]>();
  for (const row of new Map(rows.map((each) => [each.id, each])).values()) {
    const key = usernameKey(row.username);
    similar.set(key, [...(similar.get(key) ?? []), row]);
  }
  const found = new Map<string, Row>();
  for (const name of usernames) {
    const row = rowOfName(similar.get(usernameKey(name)) ?? [], name, mode);
    if (row !== undefined) found.set(name, row);
  }
  return found;
}
