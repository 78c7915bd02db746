import { utf8 } from "../crypto/bytes.ts";
import { PASSWORD_BYTES_MAX, type Passwords } from "../crypto/passwords.ts";
import { type Random, randomUuid } from "../crypto/random.ts";
import { Refusal } from "../errors/refusal.ts";
import { NAME_LENGTH_MAX } from "../protocol/params.ts";
import type { NamedUser } from "../storage/lookups.ts";
import type { User, UserStore } from "../storage/users.ts";
import { audit, setLogFields } from "../telemetry/request-log.ts";
import type { LegacyLogin } from "./legacy-endpoint.ts";

/** What migrating a user works with. */
export interface MigrationDeps {
  readonly users: UserStore;
  readonly userPasswords: Passwords;
  /** Null: the service replaces no other token endpoint. */
  readonly legacyLogin: LegacyLogin | null;
  readonly random: Random;
  /** Lets work continue after the response; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** Hashes of this service, which another server never had. */
const OWN_HASH = /^\$(?:pbkdf2-sha256|sealed)\$/;

/**
 * Lazy migration: verifies the password at the token endpoint that this service replaces, and on
 * success stores the user here, who is never asked for there again.
 *
 * The call follows the work of a failed login. Its duration is hidden as long as that endpoint
 * answers within the delay of a failed login. A name that differs only in case from that of a user
 * here is not asked for: an endpoint that ignores case would let the same person in, and a second
 * account would be created.
 *
 * @param named a user whose hash here, if any, did not match
 * @returns null when the endpoint is not to be asked, or rejects the password too
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
  if (!(await mayAsk(username, password, user, deps))) return null;
  if (!(await legacyLogin(username, password))) return null;
  if (user === null) return storeUser(username, password, deps);
  deps.defer(storeHash(user, password, deps));
  return user;
}

/** Never about an inactive user, nor with a password that a hash here has already rejected. */
async function mayAsk(
  username: string,
  password: string,
  user: User | null,
  { userPasswords }: MigrationDeps,
): Promise<boolean> {
  if (utf8(password).length > PASSWORD_BYTES_MAX) return false;
  // Some databases ignore spaces at the end of a name: that would create a second account too.
  if (user === null) return username.length <= NAME_LENGTH_MAX && username === username.trim();
  if (!user.isActive) return false;
  const { passwordHash: hash } = user;
  if (hash.startsWith("!")) return true;
  // A hash of ours that cannot be read lacks its pepper: the old password is no way around that.
  return !OWN_HASH.test(hash) && !(await userPasswords.canRead(hash));
}

/** Awaited, since no token is valid for a user who does not exist. */
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
  // Another request was faster, such as a second login of the same user: its hash decides.
  const { matched } = await userPasswords.check(password, [stored.passwordHash]);
  if (matched === null) throw new Refusal("password_wrong");
  if (!stored.isActive) throw new Refusal("user_inactive");
  return stored;
}

/** Not awaited: without it the next login asks the old endpoint once more. */
async function storeHash(user: User, password: string, deps: MigrationDeps): Promise<void> {
  const hash = await deps.userPasswords.makeHash(password);
  const { id, passwordHash } = user;
  const isReplaced = await deps.users.replacePasswordHash(id, passwordHash, hash);
  if (isReplaced) audit({ action: "user_adopted", userId: id });
}
