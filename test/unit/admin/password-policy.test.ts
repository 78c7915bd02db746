import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listCommonPasswords } from "../../../src/admin/common-passwords.ts";
import { makePassword, problemOfPassword } from "../../../src/admin/password-policy.ts";
import { secureRandom } from "../../../src/crypto/bytes.ts";

const problemOf = (password: string, lengthMin = 8) => {
  return problemOfPassword(password, "Ada Lovelace", lengthMin);
};

describe("a password is rejected", () => {
  test.each([
    ["of 7 characters", "1a2b3c4", "is shorter than 8 characters"],
    ["of 7 characters in 28 bytes", "😀🎈🚀🌍🍎🐳🧵", "is shorter than 8 characters"],
    ["that is common", "password", "is a common password"],
    ["that is common, in capitals", "TrustNo1", "is a common password"],
    ["that is the name", "ADA lovelace", "is the same as the user name"],
    ["that is one letter", "aaaaaaaaaaaa", "repeats one part"],
    ["that repeats one word", "abcabcabc", "repeats one part"],
    ["that counts up", "12345678", "is a sequence such as 12345678"],
    ["that goes up", "abcdefgh", "is a sequence such as 12345678"],
    ["that goes up in capitals", "ABCDEFGHIJ", "is a sequence such as 12345678"],
    ["that counts down", "87654321", "is a sequence such as 12345678"],
  ])("%s", (_, password, problem) => {
    expect(problemOf(password)).toBe(problem);
  });

  test("by its number of characters, for any minimum", () => {
    expect(problemOf("fourteen chars", 15)).toBe("is shorter than 15 characters");
    expect(problemOf("fifteen letters", 15)).toBe(null);
  });
});

test.each(["correct horse", "abcabcab", "aaaaaaab", "😀🎈🚀🌍🍎🐳🧵🪁", "zyxwvut!"])(
  "a password is accepted without any rule of composition: %s",
  (password) => {
    expect(problemOf(password)).toBe(null);
  },
);

test("a repeated part is found for every part and every number", () => {
  const parts = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme-ascii" });
  fc.assert(
    fc.property(parts, fc.integer({ min: 2, max: 9 }), (part, times) => {
      const password = part.repeat(times);
      if (password.length >= 8) expect(problemOf(password)).not.toBe(null);
    }),
  );
});

test("the list of common passwords adds some, and only those that no other rule rejects", () => {
  expect(listCommonPasswords().size).toBe(2000);
  for (const password of listCommonPasswords()) {
    expect(problemOf(password)).toBe("is a common password");
    expect(password).toBe(password.toLowerCase());
  }
});

test("a generated password passes any policy, and no two are the same", () => {
  const made = Array.from({ length: 57 }, (_, index) => {
    const passwordLengthMin = index + 8;
    const password = makePassword({ random: secureRandom, passwordLengthMin });
    expect(problemOf(password, passwordLengthMin)).toBe(null);
    expect(password).toMatch(/^[0-9a-z]{5}(?:-[0-9a-z]{5}){4,}$/);
    return password;
  });
  expect(new Set(made).size).toBe(made.length);
});
