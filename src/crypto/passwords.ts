import {
  type Bytes,
  equalInConstantTime,
  fromBase64Url,
  fromUtf8,
  type Random,
  toBase64Url,
  toHex,
  utf8,
} from "./bytes.ts";
import { deriveKeyRing, type KeyRing } from "./key-ring.ts";
import {
  type DeriveLong,
  hashFor,
  type InTurn,
  ITERATIONS_PER_CALL_MAX,
  makePasswordHash,
  type PasswordHash,
  parsePasswordHash,
  SALT_BYTES,
} from "./password-hash.ts";
import { type Opened, seal, unseal } from "./seal.ts";

/** Longest password, in bytes of UTF-8. A longer one is rejected without hashing. */
export const PASSWORD_BYTES_MAX = 4096;

/** The result of {@link Passwords.check}. */
interface PasswordCheck {
  /** The hash that the password matches, or null. */
  readonly matched: string | null;
  /** Whether {@link Passwords.makeHash} would use other parameters now: replace the hash. */
  readonly outdated: boolean;
}

/** Makes and checks hashes of users' passwords or clients' secrets. */
export interface Passwords {
  /**
   * Makes the hash to store for a password.
   *
   * @param sibling a hash that stays valid together with the new one: they share a salt if both are
   *   ours, so that checking both costs one derivation and timing does not reveal a rotation
   */
  makeHash(password: string, sibling?: string): Promise<string>;
  /**
   * Checks a password against hashes, of which any may match (a client has up to two). Without a
   * usable hash it takes the same time as for a wrong password. Exception: a Django hash takes
   * longer if it has more iterations than a new hash, or no multiple of those of a call, until its
   * first successful use replaces it. For users, `users/sign-in.ts` hides that.
   *
   * @example
   * const { matched, outdated } = await userPasswords.check(password, [user.passwordHash]);
   *
   * @throws what {@link PasswordOptions.deriveLong} and the queue throw
   */
  check(password: string, hashes: readonly string[]): Promise<PasswordCheck>;
  /** Whether a password can match this hash, with the current pepper. */
  canRead(hash: string): Promise<boolean>;
}

/** The two kinds of secrets that are stored as hashes. */
export interface PasswordKinds {
  readonly userPasswords: Passwords;
  readonly clientSecrets: Passwords;
}

/** What {@link createPasswordKinds} needs. */
export interface PasswordOptions {
  /** Chained PBKDF2 calls of 100,000 iterations for a user's password. */
  readonly passwordHashRounds: number;
  /** Raw ring keys that seal hashes, or null. With them, a copy of D1 alone cannot be attacked. */
  readonly passwordPepper: readonly Bytes[] | null;
  readonly random: Random;
  /** For Django hashes with more iterations than one WebCrypto call allows. */
  readonly deriveLong: DeriveLong;
  /** Makes a queue for the other derivations of one kind; absent: they start at once. */
  readonly createQueue?: () => InTurn;
}

/** Client secrets are random, so one PBKDF2 call suffices; the same for every client and none. */
const CLIENT_SECRET_ROUNDS = 1;

/** Purpose of the ring that seals hashes. Stored hashes depend on it. */
const PEPPER_PURPOSE = "password record";

/**
 * Builds the {@link Passwords} of users and of clients. Each kind has its own queue: anyone can
 * send invented client secrets, and users must not wait behind those.
 */
export async function createPasswordKinds(options: PasswordOptions): Promise<PasswordKinds> {
  const { passwordHashRounds, passwordPepper, createQueue, ...deps } = options;
  const pepper = passwordPepper && (await deriveKeyRing(passwordPepper, PEPPER_PURPOSE));
  const kind = (rounds: number) => createPasswords(rounds, pepper, deps, createQueue?.());
  return { userPasswords: kind(passwordHashRounds), clientSecrets: kind(CLIENT_SECRET_ROUNDS) };
}

const NO_MATCH: PasswordCheck = { matched: null, outdated: false };
const SEALED_PREFIX = "$sealed$";

/** A stored hash, parsed, and the pepper key that sealed it. */
interface StoredHash {
  readonly text: string;
  readonly parsed: PasswordHash;
  readonly pepperId: string | null;
}

function createPasswords(
  rounds: number,
  pepper: KeyRing | null,
  { random, deriveLong }: Pick<PasswordOptions, "random" | "deriveLong">,
  inTurn: InTurn | undefined,
): Passwords {
  const dummy = { salt: random(16), hash: random(32) };

  async function read(text: string): Promise<StoredHash | null> {
    const unsealed = text.startsWith(SEALED_PREFIX) ? await unsealHash(text, pepper) : undefined;
    if (unsealed === null) return null;
    const plain = unsealed === undefined ? text : (fromUtf8(unsealed.plaintext) ?? "");
    const parsed = parsePasswordHash(plain);
    return parsed && { text, parsed, pepperId: unsealed?.keyId ?? null };
  }

  function isOutdated({ parsed, pepperId }: StoredHash): boolean {
    const { scheme, iterations } = parsed;
    if (scheme !== "chained" || parsed.rounds !== rounds) return true;
    return iterations !== ITERATIONS_PER_CALL_MAX || pepperId !== (pepper?.sealing.id ?? null);
  }

  /** Does the rest of the work of a new hash, so that timing does not reveal a cheaper one. */
  async function equalizeWork(password: string, roundsLeft: number): Promise<void> {
    if (roundsLeft < 1) return;
    const iterations = ITERATIONS_PER_CALL_MAX;
    const parameters = { scheme: "chained", rounds: roundsLeft, iterations, ...dummy } as const;
    await hashFor(password, parameters, deriveLong, inTurn);
  }

  return {
    async makeHash(password, sibling) {
      const other = sibling === undefined ? null : await read(sibling);
      // Not Django's salt: it has any length, and sharing it with Django's scheme saves no work.
      const shared = other?.parsed.scheme === "chained" ? other.parsed.salt : null;
      const salt = shared ?? random(SALT_BYTES);
      const hash = await makePasswordHash(password, rounds, salt, inTurn);
      if (pepper === null) return hash;
      return SEALED_PREFIX + toBase64Url(await seal(pepper.sealing, utf8(hash)));
    },

    async check(password, candidates) {
      if (utf8(password).length > PASSWORD_BYTES_MAX) return NO_MATCH;
      const derived = new Map<string, Bytes>();
      let roundsDone = 0;
      for (const text of candidates) {
        const stored = await read(text);
        if (stored === null) continue;
        const { scheme, rounds: ownRounds, iterations, salt } = stored.parsed;
        const work = `${scheme} ${ownRounds} ${iterations} ${toHex(salt)}`;
        const hash =
          derived.get(work) ?? (await hashFor(password, stored.parsed, deriveLong, inTurn));
        if (!derived.has(work)) roundsDone += (ownRounds * iterations) / ITERATIONS_PER_CALL_MAX;
        derived.set(work, hash);
        if (equalInConstantTime(hash, stored.parsed.hash)) {
          return { matched: text, outdated: isOutdated(stored) };
        }
      }
      await equalizeWork(password, Math.ceil(rounds - roundsDone));
      return NO_MATCH;
    },

    async canRead(hash) {
      return (await read(hash)) !== null;
    },
  };
}

/** @returns null if no current pepper key sealed it */
async function unsealHash(text: string, pepper: KeyRing | null): Promise<Opened | null> {
  const sealed = fromBase64Url(text.slice(SEALED_PREFIX.length));
  return pepper === null || sealed === null ? null : unseal(pepper, sealed);
}
