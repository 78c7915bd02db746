import {
  type Bytes,
  equalInConstantTime,
  fromBase64Url,
  fromUtf8,
  toBase64Url,
  toHex,
  utf8,
} from "./bytes.ts";
import { deriveKeyRing, type KeyRing } from "./key-ring.ts";
import type { DeriveLong } from "./long-pbkdf2.ts";
import {
  hashFor,
  makePasswordHash,
  type PasswordHash,
  parsePasswordHash,
  SALT_BYTES,
} from "./password-hash.ts";
import { type InTurn, ITERATIONS_PER_CALL_MAX } from "./pbkdf2.ts";
import type { Random } from "./random.ts";
import { type Opened, seal, unseal } from "./seal.ts";

/** Longest password that is hashed, in bytes of UTF-8; a longer one is wrong without work. */
export const PASSWORD_BYTES_MAX = 4096;

/** What {@link Passwords.check} found. */
export interface PasswordCheck {
  /** The record that the password is right for, or null. */
  readonly matched: string | null;
  /** The record is not what {@link Passwords.makeHash} would make today: replace it. */
  readonly outdated: boolean;
}

/** Makes and checks the records that stand in for passwords of users or secrets of clients. */
export interface Passwords {
  /**
   * Hashes a password into the text to store.
   *
   * @param sibling a record beside which the new one will be valid: it shares its salt if both are
   *   ours, so that checking against both costs one derivation and a rotation cannot be timed
   */
  makeHash(password: string, sibling?: string): Promise<string>;
  /**
   * Checks a password against the records of which any may match (a client has up to two).
   * No usable record costs what a wrong password costs, so that time tells nothing apart, except
   * a Django record whose iterations are more than those of a new record, or no multiple of a call:
   * it takes longer until its first good use replaces it. For users
   * `users/failed-login-delay.ts` hides that.
   *
   * @throws what {@link PasswordOptions.deriveLong} and the queue throw
   */
  check(password: string, records: readonly string[]): Promise<PasswordCheck>;
  /** Whether this is a record for which a password can be right here, under this pepper. */
  canRead(record: string): Promise<boolean>;
}

/** The two kinds of secret that are stored as records. */
export interface PasswordKinds {
  readonly userPasswords: Passwords;
  readonly clientSecrets: Passwords;
}

/** What {@link createPasswordKinds} needs. */
export interface PasswordOptions {
  /** Chained PBKDF2 calls of 100,000 iterations for a user's password. */
  readonly passwordHashRounds: number;
  /** Raw ring keys that seal records, or null: without them a dump can not even be guessed at. */
  readonly passwordPepper: readonly Bytes[] | null;
  readonly random: Random;
  /** For Django records of more iterations than WebCrypto does in one call. */
  readonly deriveLong: DeriveLong;
  /** Makes the queue in which the others of one kind are derived; absent: at once. */
  readonly createQueue?: () => InTurn;
}

/** Client secrets are machine-made: one PBKDF2 call, and the same for every client and for none. */
const CLIENT_SECRET_ROUNDS = 1;

/** Purpose of the ring that seals records. */
const PEPPER_PURPOSE = "password record";

/**
 * Builds the {@link Passwords} of users and of clients. Each kind has a queue of its own: anybody
 * can make up clients and their secrets, and users should not have to wait behind those.
 */
export async function createPasswordKinds(options: PasswordOptions): Promise<PasswordKinds> {
  const { passwordHashRounds, passwordPepper, createQueue, ...deps } = options;
  const pepper = passwordPepper && (await deriveKeyRing(passwordPepper, PEPPER_PURPOSE));
  const kind = (rounds: number) => createPasswords(rounds, pepper, deps, createQueue?.());
  return { userPasswords: kind(passwordHashRounds), clientSecrets: kind(CLIENT_SECRET_ROUNDS) };
}

const NO_MATCH: PasswordCheck = { matched: null, outdated: false };
const SEALED_PREFIX = "$sealed$";

/** A record as read, and which pepper sealed it. */
interface ReadRecord {
  readonly text: string;
  readonly record: PasswordHash;
  readonly pepperId: string | null;
}

function createPasswords(
  rounds: number,
  pepper: KeyRing | null,
  { random, deriveLong }: Pick<PasswordOptions, "random" | "deriveLong">,
  inTurn: InTurn | undefined,
): Passwords {
  const nothing = { salt: random(16), hash: random(32) };

  async function read(text: string): Promise<ReadRecord | null> {
    const unsealed = text.startsWith(SEALED_PREFIX) ? await unsealRecord(text, pepper) : undefined;
    if (unsealed === null) return null;
    const plain = unsealed === undefined ? text : (fromUtf8(unsealed.plaintext) ?? "");
    const record = parsePasswordHash(plain);
    return record && { text, record, pepperId: unsealed?.keyId ?? null };
  }

  function isOutdated({ record, pepperId }: ReadRecord): boolean {
    const { scheme, iterations } = record;
    if (scheme !== "chained" || record.rounds !== rounds) return true;
    return iterations !== ITERATIONS_PER_CALL_MAX || pepperId !== (pepper?.sealing.id ?? null);
  }

  /** Spends what is left of a new record's work, so that a cheaper record is not told apart. */
  async function spend(password: string, roundsLeft: number): Promise<void> {
    if (roundsLeft < 1) return;
    const iterations = ITERATIONS_PER_CALL_MAX;
    const record = { scheme: "chained", rounds: roundsLeft, iterations, ...nothing } as const;
    await hashFor(password, record, deriveLong, inTurn);
  }

  return {
    async makeHash(password, sibling) {
      const beside = sibling === undefined ? null : await read(sibling);
      // A foreign salt is of any length, and shared with a foreign derivation it would save none.
      const shared = beside?.record.scheme === "chained" ? beside.record.salt : null;
      const salt = shared ?? random(SALT_BYTES);
      const record = await makePasswordHash(password, rounds, salt, inTurn);
      if (pepper === null) return record;
      return SEALED_PREFIX + toBase64Url(await seal(pepper.sealing, utf8(record)));
    },

    async check(password, records) {
      if (utf8(password).length > PASSWORD_BYTES_MAX) return NO_MATCH;
      const hashes = new Map<string, Bytes>();
      let roundsSpent = 0;
      for (const text of records) {
        const known = await read(text);
        if (known === null) continue;
        const { scheme, rounds: ownRounds, iterations, salt } = known.record;
        const work = `${scheme} ${ownRounds} ${iterations} ${toHex(salt)}`;
        const hash =
          hashes.get(work) ?? (await hashFor(password, known.record, deriveLong, inTurn));
        if (!hashes.has(work)) roundsSpent += (ownRounds * iterations) / ITERATIONS_PER_CALL_MAX;
        hashes.set(work, hash);
        if (equalInConstantTime(hash, known.record.hash)) {
          return { matched: text, outdated: isOutdated(known) };
        }
      }
      await spend(password, Math.ceil(rounds - roundsSpent));
      return NO_MATCH;
    },

    async canRead(record) {
      return (await read(record)) !== null;
    },
  };
}

/** @returns null when no pepper here sealed it */
async function unsealRecord(text: string, pepper: KeyRing | null): Promise<Opened | null> {
  const sealed = fromBase64Url(text.slice(SEALED_PREFIX.length));
  return pepper === null || sealed === null ? null : unseal(pepper, sealed);
}
