import type { ListedResource } from "../clients/resources.ts";
import type { Random } from "../crypto/bytes.ts";
import type { Passwords } from "../crypto/passwords.ts";
import type { Scope } from "../protocol/scope.ts";
import type { Registry } from "../storage/registry.ts";

/** Dependencies of the management functions. */
export interface AdminDeps {
  readonly registry: Registry;
  readonly userPasswords: Passwords;
  readonly clientSecrets: Passwords;
  readonly random: Random;
  /** Minimum length of a new password, in characters. */
  readonly passwordLengthMin: number;
  /** The setting `SCOPES`. Undefined: scope names are not checked. */
  readonly scopes?: Scope;
  /** The setting `RESOURCES`: further resources can be stored. */
  readonly resources: readonly ListedResource[] | null;
  /** Generates the unique `users.id` of a new user. */
  readonly newUserId: () => string;
  /** Ends the refresh family of a session; null if only D1 is available. */
  readonly endFamily: ((familyId: string, clientId: string) => Promise<void>) | null;
}
