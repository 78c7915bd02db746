import { describe, expect, test } from "vitest";
import { secureRandom, toBase64Url, utf8 } from "../../../src/crypto/bytes.ts";
import { longPbkdf2 } from "../../../src/crypto/long-pbkdf2.ts";
import { createPasswordKinds } from "../../../src/crypto/passwords.ts";
import { seal } from "../../../src/crypto/seal.ts";
import { derivationsOf } from "../../support/derivations.ts";
import { rawKey, ringOf } from "../../support/rings.ts";

const NO_MATCH = { matched: null, outdated: false };
const DJANGO = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";

/** User passwords under peppers, each made of one byte; without one, there is no pepper. */
async function peppered(...names: number[]) {
  const kinds = await createPasswordKinds({
    passwordHashRounds: 1,
    passwordPepper: names.length === 0 ? null : names.map(rawKey),
    random: secureRandom,
    deriveLong: longPbkdf2,
  });
  return kinds.userPasswords;
}

/** Seals text as hashes are sealed, under one pepper. */
async function sealed(name: number, text: string): Promise<string> {
  const { sealing } = await ringOf("password record", name);
  return `$sealed$${toBase64Url(await seal(sealing, utf8(text)))}`;
}

const passwords = await peppered(1);
const hash = await passwords.makeHash("correct horse");

describe("a hash under a pepper", () => {
  test("matches its password alone", async () => {
    expect(await passwords.check("correct horse", [hash])).toEqual({
      matched: hash,
      outdated: false,
    });
    expect(await passwords.check("Correct horse", [hash])).toEqual(NO_MATCH);
  });

  test("shows neither salt nor derived key, so that a dump does not allow guessing", () => {
    expect(hash).toMatch(/^\$sealed\$[\w-]+$/);
  });

  test.each([
    ["without a pepper", []],
    ["under another pepper", [2]],
  ])("cannot be read %s, and costs as much as a wrong password", async (_what, names) => {
    const others = await peppered(...names);
    expect(await others.check("correct horse", [hash])).toEqual(NO_MATCH);
    const calls = await derivationsOf(() => others.check("correct horse", [hash]));
    expect(calls).toEqual([100_000]);
  });

  test("is still read when a new pepper is the first", async () => {
    const rotated = await peppered(2, 1);
    expect((await rotated.check("correct horse", [hash])).matched).toBe(hash);
    const fresh = await rotated.makeHash("correct horse");
    expect((await (await peppered(2)).check("correct horse", [fresh])).matched).toBe(fresh);
    expect(await passwords.check("correct horse", [fresh])).toEqual(NO_MATCH);
  });

  test("is not read in another encoding, altered, cut short, or empty", async () => {
    const last = hash.at(-1) === "A" ? "B" : "A";
    for (const text of [
      `${hash}=`,
      `${hash} `,
      hash.slice(0, -1) + last,
      hash.slice(0, -4),
      "$sealed$",
      hash.replace("$sealed$", "$Sealed$"),
    ]) {
      expect(await passwords.check("correct horse", [text]), text).toEqual(NO_MATCH);
    }
  });

  test("is not read when the sealed text is no hash", async () => {
    for (const text of ["", "!", "correct horse", hash]) {
      const check = await passwords.check("correct horse", [await sealed(1, text)]);
      expect(check).toEqual(NO_MATCH);
    }
  });
});

describe("under a pepper, a check says to replace", () => {
  test("a hash that was made without it", async () => {
    const plain = await (await peppered()).makeHash("correct horse");
    const check = await passwords.check("correct horse", [plain]);
    expect(check).toEqual({ matched: plain, outdated: true });
  });

  test("a hash of Django's, sealed or not", async () => {
    for (const text of [DJANGO, await sealed(1, DJANGO)]) {
      const check = await passwords.check("correct horse", [text]);
      expect(check).toEqual({ matched: text, outdated: true });
    }
  });

  test("no hash that was made with it, for clients and users", async () => {
    const { clientSecrets } = await createPasswordKinds({
      passwordHashRounds: 6,
      passwordPepper: [rawKey(1)],
      random: secureRandom,
      deriveLong: longPbkdf2,
    });
    const secret = await clientSecrets.makeHash("secret");
    expect(secret).toMatch(/^\$sealed\$/);
    const check = await clientSecrets.check("secret", [secret]);
    expect(check).toEqual({ matched: secret, outdated: false });
  });
});
