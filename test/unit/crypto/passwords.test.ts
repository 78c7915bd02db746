import { describe, expect, test } from "vitest";
import { secureRandom } from "../../../src/crypto/bytes.ts";
import { longPbkdf2 } from "../../../src/crypto/long-pbkdf2.ts";
import { createPasswordKinds, PASSWORD_BYTES_MAX } from "../../../src/crypto/passwords.ts";
import { derivationsOf } from "../../support/derivations.ts";

const ROUNDS = 2;
const options = { passwordPepper: null, random: secureRandom, deriveLong: longPbkdf2 };
const { userPasswords, clientSecrets } = await createPasswordKinds({
  ...options,
  passwordHashRounds: ROUNDS,
});
const hash = await userPasswords.makeHash("correct horse");
const otherHash = await userPasswords.makeHash("battery staple");
const NO_MATCH = { matched: null, outdated: false };

/** Made by `hashlib.pbkdf2_hmac` of Python 3.11 for "correct horse". */
const DJANGO = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";

describe("checking a password", () => {
  test("finds the hash that it matches", async () => {
    const found = { matched: hash, outdated: false };
    expect(await userPasswords.check("correct horse", [hash])).toEqual(found);
    expect(await userPasswords.check("correct horse", [hash, otherHash])).toEqual(found);
    expect(await userPasswords.check("correct horse", [otherHash, hash])).toEqual(found);
    expect(await userPasswords.check("correct horse", ["!", hash])).toEqual(found);
  });

  test.each([
    ["another password", "battery staple"],
    ["another case", "Correct horse"],
    ["a space at the end", "correct horse "],
    ["a part of it", "correct"],
    ["nothing", ""],
    ["the hash itself", hash],
  ])("finds no hash for %s", async (_what, password) => {
    expect(await userPasswords.check(password, [hash])).toEqual(NO_MATCH);
  });

  test("distinguishes composed and decomposed letters: it does not normalise", async () => {
    const composed = await userPasswords.makeHash("caf\u00e9");
    expect((await userPasswords.check("caf\u00e9", [composed])).matched).toBe(composed);
    expect(await userPasswords.check("cafe\u0301", [composed])).toEqual(NO_MATCH);
  });

  test("accepts a hash of Django's, and says to replace it", async () => {
    expect(await userPasswords.check("correct horse", [DJANGO])).toEqual({
      matched: DJANGO,
      outdated: true,
    });
    expect(await userPasswords.check("Correct horse", [DJANGO])).toEqual(NO_MATCH);
  });

  test("says to replace a hash of other rounds, and to keep one of these", async () => {
    const later = await createPasswordKinds({ ...options, passwordHashRounds: ROUNDS + 1 });
    const check = await later.userPasswords.check("correct horse", [hash]);
    expect(check).toEqual({ matched: hash, outdated: true });
    const replaced = await later.userPasswords.makeHash("correct horse");
    const again = await later.userPasswords.check("correct horse", [replaced]);
    expect(again).toEqual({ matched: replaced, outdated: false });
    const before = await userPasswords.check("correct horse", [replaced]);
    expect(before).toEqual({ matched: replaced, outdated: true });
  });

  test("says to replace no hash when the password is wrong", async () => {
    const later = await createPasswordKinds({ ...options, passwordHashRounds: ROUNDS + 1 });
    expect(await later.userPasswords.check("wrong", [hash])).toEqual(NO_MATCH);
  });
});

describe("the work of a check", () => {
  const sealing = "$sealed$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  const tooMany = hash.replace("i=100000", "i=100001");
  const tooLong = hash.replace(`r=${ROUNDS}`, "r=21");

  test.each([
    ["a valid password", "correct horse", [hash]],
    ["a wrong password", "wrong", [hash]],
    ["an unknown user's password", "wrong", []],
    ["an unusable password", "wrong", ["!"]],
    ["a hash of another scheme", "wrong", ["argon2$argon2id$v=19$m=8,t=2,p=1$c2FsdA$aGFzaA"]],
    ["an empty hash", "wrong", [""]],
    ["a sealed hash whose key is missing", "wrong", [sealing]],
    ["a hash of too many iterations", "correct horse", [tooMany]],
    ["a hash of too many rounds", "correct horse", [tooLong]],
    ["a hash of Django's beyond the limit", "wrong", [DJANGO.replace("1000", "9999999")]],
    ["two unusable hashes", "wrong", ["!", sealing]],
    ["one usable hash and one that is not", "wrong", ["!", hash]],
  ])("is the same for %s", async (_what, password, hashes) => {
    const calls = await derivationsOf(() => userPasswords.check(password, hashes));
    expect(calls).toEqual(Array(ROUNDS).fill(100_000));
  });

  test("is one call for a client secret, for any number of rounds for users", async () => {
    const secret = await clientSecrets.makeHash("secret");
    for (const [presented, hashes] of [
      ["secret", [secret]],
      ["wrong", [secret]],
      ["wrong", []],
    ] as const) {
      const calls = await derivationsOf(() => clientSecrets.check(presented, hashes));
      expect(calls).toEqual([100_000]);
    }
    const check = await clientSecrets.check("secret", [secret]);
    expect(check).toEqual({ matched: secret, outdated: false });
  });

  test("finds no password, not even an empty one, without a hash", async () => {
    for (const hashes of [[], ["!"], [""]]) {
      expect(await userPasswords.check("", hashes)).toEqual(NO_MATCH);
    }
  });
});

describe("the longest password", () => {
  test.each([
    ["of one-byte characters", "a".repeat(PASSWORD_BYTES_MAX), "a"],
    ["of two-byte characters", "é".repeat(PASSWORD_BYTES_MAX / 2), "a"],
  ])("has 4,096 bytes of UTF-8, %s; a longer one is rejected without work", async (_, longest) => {
    const longestRecord = await clientSecrets.makeHash(longest);
    expect((await clientSecrets.check(longest, [longestRecord])).matched).toBe(longestRecord);

    const longer = `${longest}a`;
    const longerRecord = await clientSecrets.makeHash(longer);
    const check = () => clientSecrets.check(longer, [longerRecord]);
    expect(await check()).toEqual(NO_MATCH);
    expect(await derivationsOf(check)).toEqual([]);
    expect(await derivationsOf(() => clientSecrets.check(longer, []))).toEqual([]);
  });
});
