import { describe, expect, test } from "vitest";
import { longPbkdf2 } from "../../../src/crypto/long-pbkdf2.ts";
import { createPasswordKinds, PASSWORD_BYTES_MAX } from "../../../src/crypto/passwords.ts";
import { secureRandom } from "../../../src/crypto/random.ts";
import { derivationsOf } from "../../support/derivations.ts";

const ROUNDS = 2;
const options = { passwordPepper: null, random: secureRandom, deriveLong: longPbkdf2 };
const { userPasswords, clientSecrets } = await createPasswordKinds({
  ...options,
  passwordHashRounds: ROUNDS,
});
const record = await userPasswords.makeHash("correct horse");
const otherRecord = await userPasswords.makeHash("battery staple");
const NO_MATCH = { matched: null, outdated: false };

/** Made by `hashlib.pbkdf2_hmac` of Python 3.11 for "correct horse". */
const DJANGO = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";

describe("checking a password", () => {
  test("finds the record that it is right for", async () => {
    const found = { matched: record, outdated: false };
    expect(await userPasswords.check("correct horse", [record])).toEqual(found);
    expect(await userPasswords.check("correct horse", [record, otherRecord])).toEqual(found);
    expect(await userPasswords.check("correct horse", [otherRecord, record])).toEqual(found);
    expect(await userPasswords.check("correct horse", ["!", record])).toEqual(found);
  });

  test.each([
    ["another password", "battery staple"],
    ["another case", "Correct horse"],
    ["a space at the end", "correct horse "],
    ["a part of it", "correct"],
    ["nothing", ""],
    ["the record itself", record],
  ])("finds no record for %s", async (_what, password) => {
    expect(await userPasswords.check(password, [record])).toEqual(NO_MATCH);
  });

  test("tells apart two spellings that look the same: it normalises nothing", async () => {
    const composed = await userPasswords.makeHash("caf\u00e9");
    expect((await userPasswords.check("caf\u00e9", [composed])).matched).toBe(composed);
    expect(await userPasswords.check("cafe\u0301", [composed])).toEqual(NO_MATCH);
  });

  test("takes a record of Django's for right, and for one to replace", async () => {
    expect(await userPasswords.check("correct horse", [DJANGO])).toEqual({
      matched: DJANGO,
      outdated: true,
    });
    expect(await userPasswords.check("Correct horse", [DJANGO])).toEqual(NO_MATCH);
  });

  test("asks for a record of other rounds to be replaced, and for one of these not", async () => {
    const later = await createPasswordKinds({ ...options, passwordHashRounds: ROUNDS + 1 });
    const check = await later.userPasswords.check("correct horse", [record]);
    expect(check).toEqual({ matched: record, outdated: true });
    const replaced = await later.userPasswords.makeHash("correct horse");
    const again = await later.userPasswords.check("correct horse", [replaced]);
    expect(again).toEqual({ matched: replaced, outdated: false });
    const before = await userPasswords.check("correct horse", [replaced]);
    expect(before).toEqual({ matched: replaced, outdated: true });
  });

  test("asks for no record to be replaced when the password is wrong", async () => {
    const later = await createPasswordKinds({ ...options, passwordHashRounds: ROUNDS + 1 });
    expect(await later.userPasswords.check("wrong", [record])).toEqual(NO_MATCH);
  });
});

describe("the work of a check", () => {
  const sealing = "$sealed$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  const tooMany = record.replace("i=100000", "i=100001");
  const tooLong = record.replace(`r=${ROUNDS}`, "r=21");

  test.each([
    ["a right password", "correct horse", [record]],
    ["a wrong password", "wrong", [record]],
    ["nobody's password", "wrong", []],
    ["an unusable password", "wrong", ["!"]],
    ["a foreign record", "wrong", ["argon2$argon2id$v=19$m=8,t=2,p=1$c2FsdA$aGFzaA"]],
    ["an empty record", "wrong", [""]],
    ["a sealed record that there is no key for", "wrong", [sealing]],
    ["a record of too many iterations", "correct horse", [tooMany]],
    ["a record of too many rounds", "correct horse", [tooLong]],
    ["a record of Django's beyond the limit", "wrong", [DJANGO.replace("1000", "9999999")]],
    ["two records that cannot be used", "wrong", ["!", sealing]],
    ["one record that can be used and one that cannot", "wrong", ["!", record]],
  ])("is the same for %s", async (_what, password, records) => {
    const calls = await derivationsOf(() => userPasswords.check(password, records));
    expect(calls).toEqual(Array(ROUNDS).fill(100_000));
  });

  test("is one call for a client secret, whatever the rounds for users", async () => {
    const secret = await clientSecrets.makeHash("secret");
    for (const [presented, records] of [
      ["secret", [secret]],
      ["wrong", [secret]],
      ["wrong", []],
    ] as const) {
      const calls = await derivationsOf(() => clientSecrets.check(presented, records));
      expect(calls).toEqual([100_000]);
    }
    const check = await clientSecrets.check("secret", [secret]);
    expect(check).toEqual({ matched: secret, outdated: false });
  });

  test("finds no password, not even the empty one, where there is no record", async () => {
    for (const records of [[], ["!"], [""]]) {
      expect(await userPasswords.check("", records)).toEqual(NO_MATCH);
    }
  });
});

describe("the longest password", () => {
  test.each([
    ["of one-byte characters", "a".repeat(PASSWORD_BYTES_MAX), "a"],
    ["of two-byte characters", "é".repeat(PASSWORD_BYTES_MAX / 2), "a"],
  ])("has 4,096 bytes of UTF-8, %s; a longer one is wrong without work", async (_, longest) => {
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
