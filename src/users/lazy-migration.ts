import { type Random, randomUuid, utf8 } from "../crypto/bytes.ts";
import { PASSWORD_BYTES_MAX, type Passwords } from "../crypto/passwords.ts";
import { Refusal } from "../errors/refusal.ts";
import { isUsernameTooLong } from "../protocol/usernames.ts";
import type { NamedUser, User, UserStore } from "../storage/users.ts";
import { audit, setLogFields } from "../telemetry/request-log.ts";
import type { LegacyLogin } from "./legacy-endpoint.ts";

/** What {@link migrateUser} needs. */
export interface MigrationDeps {
  readonly users: UserStore;
  readonly userPasswords: Passwords;
  /** Null: the service replaces no other token endpoint. */
  readonly legacyLogin: LegacyLogin | null;
  readonly random: Random;
  /** Lets work continue after the response; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** Hashes of this service, which no other server has. */
const OWN_HASH = /^\$(?:pbkdf2-sha256|sealed)\$/;

/**
 * Lazy migration: verifies the password at the legacy token endpoint and, on success, stores the
 * user here, so that later logins do not need that endpoint.
 *
 * The call follows the work of a failed login, whose delay hides its duration if the endpoint
 * responds within it. A name that differs only in case from an existing user's is not sent: an
 * endpoint that ignores case would accept it, and a second account would be created.
 *
 * @param named a user whose hash here, if any, did not match
 * @returns null if the endpoint was not called, or rejected the password
 * @throws Unavailable when the endpoint fails, or a new user cannot be stored
 * @throws Refusal when another request created the user at the same time, with another password
 */
export async function migrateUser(
  username: string,
  password: string,
  { user, hasSimilar }: NamedUser,
  deps: MigrationDeps,
): Promise<User | null> {
  const { legacyLogin } = deps;
  if (legacyLogin === null || (user === null && hasSimilar)) return null;
  if (!(await mayMigrate(username, password, user, deps))) return null;
  if (!(await legacyLogin(username, password))) return null;
  if (user === null) return storeUser(username, password, deps);
  deps.defer(storeHash(user, password, deps));
  return user;
}

/** Not for an inactive user, nor for a password that a hash here already rejected. */
async function mayMigrate(
  username: string,
  password: string,
  user: User | null,
  { userPasswords }: MigrationDeps,
): Promise<boolean> {
  if (utf8(password).length > PASSWORD_BYTES_MAX) return false;
  // Some databases ignore trailing spaces of a name: that would also create a second account.
  if (user === null) return !isUsernameTooLong(username) && username === username.trim();
  if (!user.isActive) return false;
  const { passwordHash: hash } = user;
  if (hash.startsWith("!")) return true;
  // If a hash of ours cannot be read, its pepper is missing: do not bypass that.
  return !OWN_HASH.test(hash) && !(await userPasswords.canRead(hash));
}

/** Awaited, since tokens of a user who does not exist are not valid. */
async function storeUser(
  username: string,
  password: string,
  { users, random, userPasswords }: MigrationDeps,
): Promise<User> {
  const id = randomUuid(random);
  const passwordHash = await userPasswords.makeHash(password);
  const stored = await users.add({ id, username, passwordHash });
  if (stored === null) throw new Refusal("user_unknown");
  setLogFields({ userId: stored.id });
  if (stored.id === id) {
    audit({ action: "user_adopted", userId: id });
    return stored;
  }
  // Another request, such as a parallel login, stored the user first: its hash decides.
  const { matched } = await userPasswords.check(password, [stored.passwordHash]);
  if (matched === null) throw new Refusal("password_wrong");
  if (!stored.isActive) throw new Refusal("user_inactive");
  return stored;
}

/** Not awaited: if it fails, the next login calls the legacy endpoint again. */
async function storeHash(user: User, password: string, deps: MigrationDeps): Promise<void> {
  const hash = await deps.userPasswords.makeHash(password);
  const { id, passwordHash } = user;
  const isReplaced = await deps.users.replacePasswordHash(id, passwordHash, hash);
  if (isReplaced) audit({ action: "user_adopted", userId: id });
}
