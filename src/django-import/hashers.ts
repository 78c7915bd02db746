import { UNUSABLE_RECORD } from "../admin/registry-rows.ts";
import { parsePasswordHash } from "../crypto/password-hash.ts";

/** Hashers that Django knows, by the word before the first `$` of a record. */
const HASHERS = new Set([
  ...["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "scrypt"],
  ...["bcrypt", "bcrypt_sha256", "bcrypt_sha512"],
  ...["md5", "sha1", "unsalted_md5", "unsalted_sha1", "crypt"],
]);

/** Django's oldest records: an MD5 alone. */
const BARE_MD5 = /^[0-9a-f]{32}$/;

const NAME = /^[a-z][a-z0-9_]{1,31}$/;

/** Names what made a record of Django's. @returns null when none that is known did */
export function hasherOf(record: string): string | null {
  const [name = ""] = record.split("$", 1);
  return record.includes("$") && HASHERS.has(name) ? name : null;
}

/** Says what made a record that cannot be read here; never quotes a text that may be a secret. */
export function describeHasher(record: string): string {
  const [name = "", ...rest] = record.split("$");
  if (BARE_MD5.test(record)) return "unsalted_md5";
  // `md5$$HASH` and `sha1$$HASH` are the records of the unsalted hashers.
  if ((name === "md5" || name === "sha1") && rest[0] === "") return `unsalted_${name}`;
  if (hasherOf(record) !== null) return name;
  const isNamed = rest.length > 1 && NAME.test(name);
  return isNamed ? `the project's own ${name}` : "what Django does not name";
}

/** Whether a record can be checked here, or is one that no password fits. */
export function isReadable(record: string): boolean {
  return record.startsWith(UNUSABLE_RECORD) || parsePasswordHash(record) !== null;
}

/** Counts the users whose password cannot be checked here, by what hashed it. */
export function createHasherWatch() {
  const counts = new Map<string, number>();
  return {
    note(record: string): void {
      if (isReadable(record)) return;
      const hasher = describeHasher(record);
      counts.set(hasher, (counts.get(hasher) ?? 0) + 1);
    },

    /** What to do about it. */
    notes(): string[] {
      const sorted = [...counts].sort(([, one], [, other]) => other - one);
      const total = sorted.reduce((sum, [, count]) => sum + count, 0);
      if (total === 0) return [];
      const each = sorted.map(([hasher, count]) => `${hasher} ${count}`).join(", ");
      return [
        `${total} passwords cannot be checked here (${each}): set LEGACY_TOKEN_ENDPOINT, so that ` +
          "each moves at its user's first login, or give new ones by `user set-password`",
      ];
    },
  };
}
