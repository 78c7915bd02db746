import { describe, expect, test } from "vitest";
import { secureRandom, toBase64Url } from "../../../src/crypto/bytes.ts";
import { longPbkdf2 } from "../../../src/crypto/long-pbkdf2.ts";
import { chainedPbkdf2 } from "../../../src/crypto/password-hash.ts";
import { createPasswordKinds } from "../../../src/crypto/passwords.ts";
import { derivationsOf } from "../../support/derivations.ts";
import { rawKey } from "../../support/rings.ts";

/** `pw` as Django hashes it, in a thousand iterations. */
const DJANGO = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";

function kindsOf({ rounds, peppers = [] }: { rounds: number; peppers?: number[] }) {
  return createPasswordKinds({
    passwordHashRounds: rounds,
    passwordPepper: peppers.length === 0 ? null : peppers.map(rawKey),
    random: secureRandom,
    deriveLong: longPbkdf2,
  });
}

const sum = (iterations: readonly number[]) => iterations.reduce((total, one) => total + one, 0);

describe("a hash with other parameters than a new one", () => {
  test("is outdated under an older pepper, so that this pepper can be retired", async () => {
    const before = await kindsOf({ rounds: 1, peppers: [1] });
    const after = await kindsOf({ rounds: 1, peppers: [2, 1] });
    const record = await before.userPasswords.makeHash("pw");
    const check = await after.userPasswords.check("pw", [record]);
    expect(check).toEqual({ matched: record, outdated: true });
  });

  test("is outdated when it has fewer iterations", async () => {
    const salt = new Uint8Array(16);
    const hash = toBase64Url(await chainedPbkdf2("pw", salt, 1, 1000));
    const record = `$pbkdf2-sha256$r=1,i=1000$${toBase64Url(salt)}$${hash}`;
    const { userPasswords } = await kindsOf({ rounds: 1 });
    const check = await userPasswords.check("pw", [record]);
    expect(check).toEqual({ matched: record, outdated: true });
  });
});

describe("hashes made in sequence", () => {
  test("have different salts", async () => {
    const { clientSecrets } = await kindsOf({ rounds: 1 });
    const [one, other] = [await clientSecrets.makeHash("a"), await clientSecrets.makeHash("a")];
    expect(one).not.toBe(other);
  });

  test("share a salt when made together, so that two secrets cost one derivation", async () => {
    const { clientSecrets } = await kindsOf({ rounds: 1 });
    const old = await clientSecrets.makeHash("old");
    const records = [await clientSecrets.makeHash("new", old), old];
    const wrong = await derivationsOf(() => clientSecrets.check("wrong", records));
    expect(wrong).toEqual(await derivationsOf(() => clientSecrets.check("wrong", [])));
    expect((await clientSecrets.check("old", records)).matched).toBe(old);
    expect((await clientSecrets.check("new", records)).matched).toBe(records[0]);
  });
});

describe("a wrong password", () => {
  test("costs at least as much for a cheaper hash as for an unknown user", async () => {
    const { userPasswords } = await kindsOf({ rounds: 2 });
    const wrong = sum(await derivationsOf(() => userPasswords.check("wrong", [DJANGO])));
    const unknownUser = sum(await derivationsOf(() => userPasswords.check("wrong", [])));
    expect(unknownUser).toBe(200_000);
    expect(wrong).toBeGreaterThanOrEqual(unknownUser);
    expect(wrong - unknownUser).toBeLessThanOrEqual(1000);
  });

  test("costs the same for a hash of fewer rounds as for an unknown user", async () => {
    const before = await kindsOf({ rounds: 1 });
    const record = await before.userPasswords.makeHash("pw");
    const { userPasswords } = await kindsOf({ rounds: 3 });
    const wrong = sum(await derivationsOf(() => userPasswords.check("wrong", [record])));
    expect(wrong).toBe(300_000);
  });
});
