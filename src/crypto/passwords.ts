import {
  type Bytes,
  equalInConstantTime,
  fromBase64Url,
  fromUtf8,
  toBase64Url,
  utf8,
} from "./bytes.ts";
import { deriveKeyRing, type KeyRing } from "./key-ring.ts";
import {
  hashFor,
  makePasswordRecord,
  type PasswordRecord,
  parsePasswordRecord,
} from "./password-record.ts";
import { ITERATIONS_PER_CALL_MAX } from "./pbkdf2.ts";
import type { Random } from "./random.ts";
import { seal, unseal } from "./seal.ts";

/** Longest password that is hashed, in bytes of UTF-8; a longer one is wrong without work. */
export const PASSWORD_BYTES_MAX = 4096;

/** What {@link Passwords.check} found. */
export interface PasswordCheck {
  /** The record that the password is right for, or null. */
  readonly matched: string | null;
  /** The record is not what {@link Passwords.makeRecord} would make today: replace it. */
  readonly outdated: boolean;
}

/** Makes and checks the records that stand in for passwords of users or secrets of clients. */
export interface Passwords {
  /** Hashes a password into the text to store. */
  makeRecord(password: string): Promise<string>;
  /**
   * Checks a password against the records of which any may match (a client has up to two).
   * No usable record costs what a wrong password costs, so that time tells nothing apart.
   */
  check(password: string, records: readonly string[]): Promise<PasswordCheck>;
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
}

/** Client secrets are machine-made: one PBKDF2 call, and the same for every client and for none. */
const CLIENT_SECRET_ROUNDS = 1;

/** Purpose of the ring that seals records. */
const PEPPER_PURPOSE = "password record";

/** Builds the {@link Passwords} of users and of clients. */
export async function createPasswordKinds(options: PasswordOptions): Promise<PasswordKinds> {
  const { passwordHashRounds, passwordPepper, random } = options;
  const pepper = passwordPepper && (await deriveKeyRing(passwordPepper, PEPPER_PURPOSE));
  return {
    userPasswords: createPasswords(passwordHashRounds, pepper, random),
    clientSecrets: createPasswords(CLIENT_SECRET_ROUNDS, pepper, random),
  };
}

const NO_MATCH: PasswordCheck = { matched: null, outdated: false };
const SEALED_PREFIX = "$sealed$";

function createPasswords(rounds: number, pepper: KeyRing | null, random: Random): Passwords {
  const nothing: PasswordRecord = {
    scheme: "chained",
    rounds,
    iterations: ITERATIONS_PER_CALL_MAX,
    salt: random(16),
    hash: random(32),
  };

  async function read(text: string): Promise<PasswordRecord | null> {
    if (!text.startsWith(SEALED_PREFIX)) return parsePasswordRecord(text);
    const sealed = fromBase64Url(text.slice(SEALED_PREFIX.length));
    const unsealed = pepper && sealed && (await unseal(pepper, sealed));
    return unsealed ? parsePasswordRecord(fromUtf8(unsealed.plaintext) ?? "") : null;
  }

  function isOutdated(text: string, record: PasswordRecord): boolean {
    if (record.scheme !== "chained" || record.rounds !== rounds) return true;
    return text.startsWith(SEALED_PREFIX) !== (pepper !== null);
  }

  return {
    async makeRecord(password) {
      const record = await makePasswordRecord(password, rounds, random);
      if (pepper === null) return record;
      return SEALED_PREFIX + toBase64Url(await seal(pepper.sealing, utf8(record)));
    },

    async check(password, records) {
      if (utf8(password).length > PASSWORD_BYTES_MAX) return NO_MATCH;
      const usable: [string, PasswordRecord][] = [];
      for (const text of records) {
        const record = await read(text);
        if (record !== null) usable.push([text, record]);
      }
      if (usable.length === 0) await hashFor(password, nothing);
      for (const [text, record] of usable) {
        if (equalInConstantTime(await hashFor(password, record), record.hash)) {
          return { matched: text, outdated: isOutdated(text, record) };
        }
      }
      return NO_MATCH;
    },
  };
}
