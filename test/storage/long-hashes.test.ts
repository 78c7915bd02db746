import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { toBase64, utf8 } from "../../src/crypto/bytes.ts";
import { createLongHashDerivation, LONG_HASH_OBJECTS } from "../../src/storage/long-hash.ts";
import { DERIVATIONS_MAX } from "../../src/storage/long-hash-object.ts";

/** Made by `crypto.pbkdf2Sync` of Node. */
const VECTOR = {
  password: "correct horse",
  salt: "wqLyd8aOtXeMkZ3nV5hBcs",
  iterations: 600_000,
  key: "1OwJtAch56nWzcpzgoiZRelaUU3ec+CyF06wYpBCkG4=",
};

/** A derivation takes seconds, and more where tests share a processor. */
vi.setConfig({ testTimeout: 120_000 });

const salt = utf8("seasalt");
const object = (name: string) => env.FOREIGN_PASSWORDS.getByName(name);

test("an object derives the same key as Django", async () => {
  const { password, iterations } = VECTOR;
  const outcome = await object("a").derive(password, utf8(VECTOR.salt), iterations);
  expect(outcome.kind === "derived" && toBase64(outcome.key)).toBe(VECTOR.key);
});

test("an object derives one key at a time, in the order of the calls", async () => {
  const ended: number[] = [];
  const works = [60_000, 30_000, 1];
  expect(works).toHaveLength(DERIVATIONS_MAX);
  await Promise.all(
    works.map(async (iterations) => {
      await object("b").derive("correct horse", salt, iterations);
      ended.push(iterations);
    }),
  );
  expect(ended).toEqual(works);
});

test("an object derives a key once for all concurrent calls with the same input", async () => {
  const ended: string[] = [];
  const ask = async (password: string) => {
    const outcome = await object("d").derive(password, salt, 30_000);
    ended.push(password);
    return outcome;
  };
  const [one, , again] = await Promise.all(["one", "other", "one"].map(ask));
  expect(again).toEqual(one);
  expect(ended).toEqual(["one", "one", "other"]);
});

test("an object with a full queue rejects more at once, and accepts it later", async () => {
  const ask = (password: string) => object("c").derive(password, salt, 30_000);
  const taken = Array.from({ length: DERIVATIONS_MAX }, (_, index) => ask(`guess ${index}`));
  const ended: string[] = [];
  const all = Promise.all(taken).finally(() => ended.push("taken"));
  expect(await ask("one more")).toEqual({ kind: "busy" });
  ended.push("busy");
  await all;
  expect(ended).toEqual(["busy", "taken"]);
  expect(await ask("one more")).toMatchObject({ kind: "derived" });
});

test("the Worker uses a fixed number of objects, and for one salt always the same", async () => {
  const names: string[] = [];
  const objects = new Proxy(env.FOREIGN_PASSWORDS, {
    get: (target, name) => {
      if (name !== "getByName") return Reflect.get(target, name);
      return (asked: string) => {
        names.push(asked);
        return target.getByName(asked);
      };
    },
  });
  const deriveLong = createLongHashDerivation(objects);
  for (let count = 0; count < 200; count += 1) await deriveLong("pw", utf8(`salt ${count}`), 1);
  expect(new Set(names).size).toBe(LONG_HASH_OBJECTS);
  names.length = 0;
  await Promise.all(["one", "other"].map((password) => deriveLong(password, salt, 1)));
  expect(new Set(names).size).toBe(1);
});
