import type { Passwords } from "../crypto/passwords.ts";
import type { Random } from "../crypto/random.ts";
import type { Scope } from "../protocol/scope.ts";
import type { Registry } from "../storage/registry.ts";

/** What the functions of management work with. */
export interface AdminDeps {
  readonly registry: Registry;
  readonly userPasswords: Passwords;
  readonly clientSecrets: Passwords;
  readonly random: Random;
  /** Fewest characters of a password that is set from now on. */
  readonly passwordLengthMin: number;
  /** The setting `SCOPES`. Without it names of scopes are not compared with it. */
  readonly scopes?: Scope;
  /** Makes the `users.id` of a new user; never the same twice. */
  readonly newUserId: () => string;
  /** Ends the family of a session of that client; null where only D1 can be reached. */
  readonly endFamily: ((familyId: string, clientId: string) => Promise<void>) | null;
}
