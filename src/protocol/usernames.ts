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
