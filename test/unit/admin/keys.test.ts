import { calculateJwkThumbprint, type JWK } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import {
  addKey,
  type KeySecret,
  listKeys,
  promoteKey,
  retireKey,
} from "../../../src/admin/keys.ts";
import { secureRandom } from "../../../src/crypto/bytes.ts";
import { deriveKeyRing, parseRingKeys } from "../../../src/crypto/key-ring.ts";
import {
  generateSigningKey,
  importSigningKeys,
  parseJwkSet,
  SIGNING_ALGORITHMS,
} from "../../../src/crypto/signing-keys.ts";

const OPTIONS = { algorithm: "ES256", random: secureRandom } as const;

describe.each(["TOKEN_KEYS", "SIGNING_KEYS"] as const)("%s", (secret: KeySecret) => {
  let first: string;

  beforeAll(async () => {
    first =
      secret === "TOKEN_KEYS"
        ? "5e".repeat(32)
        : JSON.stringify({ keys: [await generateSigningKey("ES256")] });
  });

  /** The ids of a value's keys, in order. */
  async function ids(value: string): Promise<string[]> {
    return (await listKeys(secret, value)).keys.map(({ id }) => id);
  }

  test("lists its keys by the ids that the service uses", async () => {
    const two = (await addKey(secret, first, OPTIONS)).value;
    expect(await ids(two)).toEqual(await idsOfService(secret, two));
  });

  test("gets a new key at the end, where it does not seal or sign", async () => {
    const { value, keys } = await addKey(secret, first, OPTIONS);
    expect(keys).toHaveLength(2);
    expect((await ids(value))[0]).toBe((await ids(first))[0]);
    expect(keys[1]?.id).not.toBe(keys[0]?.id);
  });

  test("is rotated: add, promote, retire", async () => {
    const [old = ""] = await ids(first);
    const added = await addKey(secret, first, OPTIONS);
    const fresh = added.keys[1]?.id ?? "";
    const promoted = await promoteKey(secret, added.value, fresh);
    expect(await ids(promoted.value)).toEqual([fresh, old]);
    const retired = await retireKey(secret, promoted.value, old);
    expect(await ids(retired.value)).toEqual([fresh]);
  });

  test("does not remove the first key, the only key or an unknown key", async () => {
    const [old = ""] = await ids(first);
    const two = (await addKey(secret, first, OPTIONS)).value;
    const verb = secret === "TOKEN_KEYS" ? "seals" : "signs";
    await expect(retireKey(secret, first, old)).rejects.toMatchObject({
      problems: [`${old} is the only key; add another first`],
    });
    await expect(retireKey(secret, two, old)).rejects.toMatchObject({
      problems: [`${old} is the key that ${verb} new tokens; promote another first`],
    });
    for (const change of [retireKey, promoteKey]) {
      await expect(change(secret, two, "00000000")).rejects.toMatchObject({ reason: "invalid" });
    }
  });

  test("accepts no more keys than the service reads", async () => {
    let value = first;
    for (let count = 1; count < 16; count += 1)
      value = (await addKey(secret, value, OPTIONS)).value;
    await expect(addKey(secret, value, OPTIONS)).rejects.toMatchObject({
      problems: [`${secret}: more than 16 keys`],
    });
  });

  test.each(["", "secret-5e", '{"keys": []}', `${"5e".repeat(32)},secret-5e`])(
    "with the value %j is rejected without being quoted",
    async (value) => {
      const error = await listKeys(secret, value).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ reason: "invalid" });
      expect(String(error)).not.toContain("5e");
    },
  );
});

test.each(SIGNING_ALGORITHMS)("a signing key for %s can be added", async (algorithm) => {
  const first = JSON.stringify({ keys: [await generateSigningKey("ES256")] });
  const { keys } = await addKey("SIGNING_KEYS", first, { ...OPTIONS, algorithm });
  expect(keys.map((key) => key.algorithm)).toEqual(["ES256", algorithm]);
});

async function idsOfService(secret: KeySecret, value: string): Promise<(string | undefined)[]> {
  if (secret === "SIGNING_KEYS") {
    const keys = parseJwkSet(value);
    if (typeof keys === "string") throw new TypeError(keys);
    const imported = await importSigningKeys(keys);
    if (typeof imported === "string") throw new TypeError(imported);
    return imported.publicJwks.keys.map(({ kid }) => kid);
  }
  const keys = parseRingKeys(value);
  if (typeof keys === "string") throw new TypeError(keys);
  return Promise.all(keys.map(async (key) => (await deriveKeyRing([key], "any")).sealing.id));
}

describe("a signing key of another server", () => {
  const first = async () => JSON.stringify({ keys: [await generateSigningKey("ES256")] });

  test("is added at the end, under its thumbprint, once", async () => {
    const jwk = await generateSigningKey("RS256");
    const { value, keys } = await addKey("SIGNING_KEYS", await first(), { jwk });
    const id = await calculateJwkThumbprint(jwk);
    expect(keys[1]).toEqual({ id, algorithm: "RS256" });
    expect(await importSigningKeys(parseJwkSet(value) as JWK[])).toMatchObject({
      publicJwks: { keys: [{}, { kid: id }] },
    });
    await expect(addKey("SIGNING_KEYS", value, { jwk })).rejects.toThrow("was added before");
  });

  test.each([
    [{ kty: "RSA", n: "AQAB", e: "AQAB" }, "the key is a public key"],
    [{ kty: "oct", k: "AQAB" }, "the key must be EC"],
  ])("is rejected: %j", async (jwk, problem) => {
    await expect(addKey("SIGNING_KEYS", await first(), { jwk })).rejects.toThrow(problem);
  });
});
