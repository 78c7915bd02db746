import { UNUSABLE_RECORD } from "../admin/registry-rows.ts";
import { parsePasswordHash } from "../crypto/password-hash.ts";

/** Django's hashers, by the part of a hash before the first `$`. */
const HASHERS = new Set([
  ...["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "scrypt"],
  ...["bcrypt", "bcrypt_sha256", "bcrypt_sha512"],
  ...["md5", "sha1", "unsalted_md5", "unsalted_sha1", "crypt"],
]);

/** Django's oldest hash format: only the MD5. */
const BARE_MD5 = /^[0-9a-f]{32}$/;

const NAME = /^[a-z][a-z0-9_]{1,31}$/;

/** The hasher of a Django hash. @returns null when it is unknown */
export function hasherOf(record: string): string | null {
  const [name = ""] = record.split("$", 1);
  return record.includes("$") && HASHERS.has(name) ? name : null;
}

/** Describes the hasher of an unsupported hash, without quoting a possible secret. */
export function describeHasher(record: string): string {
  const [name = "", ...rest] = record.split("$");
  if (BARE_MD5.test(record)) return "unsalted_md5";
  // `md5$$HASH` and `sha1$$HASH` are hashes of the unsalted hashers.
  if ((name === "md5" || name === "sha1") && rest[0] === "") return `unsalted_${name}`;
  if (hasherOf(record) !== null) return name;
  const isNamed = rest.length > 1 && NAME.test(name);
  return isNamed ? `the custom hasher ${name}` : "an unknown hasher";
}

/** Whether a hash can be verified here, or is Django's unusable password. */
export function isReadable(record: string): boolean {
  return record.startsWith(UNUSABLE_RECORD) || parsePasswordHash(record) !== null;
}

/** Counts the users whose password cannot be verified here, by hasher. */
export function createHasherWatch() {
  const counts = new Map<string, number>();
  return {
    note(record: string): void {
      if (isReadable(record)) return;
      const hasher = describeHasher(record);
      counts.set(hasher, (counts.get(hasher) ?? 0) + 1);
    },

    /** Notes for the report, with the fix. */
    notes(): string[] {
      const sorted = [...counts].sort(([, one], [, other]) => other - one);
      const total = sorted.reduce((sum, [, count]) => sum + count, 0);
      if (total === 0) return [];
      const each = sorted.map(([hasher, count]) => `${hasher} ${count}`).join(", ");
      return [
        `${total} passwords cannot be verified here (${each}): set LEGACY_TOKEN_ENDPOINT to ` +
          "migrate each at its user's first login, or set new ones with `user set-password`",
      ];
    },
  };
}
