/** How user names compare: `exact` tells `Ada` from `ada`, `case-insensitive` does not. */
export const USERNAME_MODES = ["exact", "case-insensitive"] as const;

/** One of {@link USERNAME_MODES}. */
export type UsernameMode = (typeof USERNAME_MODES)[number];

/**
 * The key under which every spelling of a user name is the same: composed (NFC) and in lower case.
 * The column `users.username_key`, which SQL cannot fill: SQLite folds ASCII alone.
 */
export function usernameKey(username: string): string {
  return normalizeUsername(username).toLowerCase().normalize("NFC");
}

/** The one spelling that is stored of names that differ only in how characters are composed. */
export function normalizeUsername(username: string): string {
  return username.normalize("NFC");
}
