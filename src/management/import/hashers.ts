/** Hashers that Django or a project of its knows, by the word before the first `$` of a record. */
const HASHERS = [
  ...["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "scrypt"],
  ...["bcrypt", "bcrypt_sha256", "bcrypt_sha512"],
  ...["md5", "sha1", "unsalted_md5", "unsalted_sha1", "crypt"],
] as const;

/** Names what made a record of Django's. @returns null when none that is known did */
export function hasherOf(record: string): string | null {
  const [name] = record.split("$", 1);
  return record.includes("$") ? (HASHERS.find((hasher) => hasher === name) ?? null) : null;
}
