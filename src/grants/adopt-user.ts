import { utf8 } from "../crypto/bytes.ts";
import { PASSWORD_BYTES_MAX } from "../crypto/passwords.ts";
import { randomUuid } from "../crypto/random.ts";
import { NAME_LENGTH_MAX } from "../protocol/params.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { User } from "../storage/accounts.ts";
import { audit } from "../telemetry/audit.ts";
import { note } from "../telemetry/record.ts";
import type { GrantTools } from "./grant.ts";

/** The user that a name refers to here. */
export interface Named {
  /** Null: there is no user of that name. */
  readonly user: User | null;
  /** Whether there is one whose name differs at most in case. */
  readonly hasSimilar: boolean;
}

/** Records of this service, which another server never had. */
const OWN_RECORD = /^\$(?:pbkdf2-sha256|sealed)\$/;

/**
 * Lets a user in whom this service does not know yet and the one that it replaces does. From then
 * on the user has a record here, and is asked for nowhere else.
 *
 * The call follows the work of any failed login. How long it takes is hidden as long as the old
 * endpoint answers before a failed login is known; see `hold-failures.ts`.
 *
 * @param named whom no record here lets in
 * @returns null when nobody there is to be asked, or the password is wrong there too
 * A name that differs only in case from that of a user here is not asked for: an endpoint that
 * ignores case would let the same person in, and a second account would be made.
 *
 * @throws Unavailable when the old endpoint does not say, or a new user cannot be stored
 * @throws Refusal when another request made the user at the same time, with another password
 */
export async function adoptUser(
  username: string,
  password: string,
  { user, hasSimilar }: Named,
  tools: GrantTools,
): Promise<User | null> {
  const { legacyLogin } = tools;
  if (legacyLogin === null || (user === null && hasSimilar)) return null;
  if (!(await mayAsk(username, password, user, tools))) return null;
  if (!(await legacyLogin(username, password))) return null;
  if (user === null) return storeUser(username, password, tools);
  tools.defer(storeRecord(user, password, tools));
  return user;
}

/** Never about an inactive user, nor with a password that a record here has already refused. */
async function mayAsk(
  username: string,
  password: string,
  user: User | null,
  { userPasswords }: GrantTools,
): Promise<boolean> {
  if (utf8(password).length > PASSWORD_BYTES_MAX) return false;
  // Some databases ignore spaces at the end of a name: that would be a second account too.
  if (user === null) return username.length <= NAME_LENGTH_MAX && username === username.trim();
  if (!user.isActive) return false;
  const { passwordRecord: record } = user;
  if (record.startsWith("!")) return true;
  // A record of ours that cannot be read lacks its pepper: the old password is no way around that.
  return !OWN_RECORD.test(record) && !(await userPasswords.canRead(record));
}

/** Waited for, since no token is good for a user who is not there. */
async function storeUser(
  username: string,
  password: string,
  { accounts, random, userPasswords }: GrantTools,
): Promise<User> {
  const id = randomUuid(random);
  const passwordRecord = await userPasswords.makeRecord(password);
  const stored = await accounts.addUser({ id, username, passwordRecord });
  if (stored === null) throw new Refusal("user_unknown");
  note({ userId: stored.id });
  if (stored.id === id) {
    audit({ action: "user_adopted", userId: id });
    return stored;
  }
  // Another request was faster, such as a second login of the same user: that record decides.
  const { matched } = await userPasswords.check(password, [stored.passwordRecord]);
  if (matched === null) throw new Refusal("password_wrong");
  if (!stored.isActive) throw new Refusal("user_inactive");
  return stored;
}

/** Not waited for: without it the next login asks there once more. */
async function storeRecord(user: User, password: string, tools: GrantTools): Promise<void> {
  const record = await tools.userPasswords.makeRecord(password);
  const { id, passwordRecord } = user;
  const isReplaced = await tools.accounts.replacePasswordRecord(id, passwordRecord, record);
  if (isReplaced) audit({ action: "user_adopted", userId: id });
}
