import type { JWK } from "jose";
import { describe, expect, test } from "vitest";
import { problemOfKey } from "../../../src/crypto/jwk-check.ts";
import { importSigningKeys, parseJwkSet } from "../../../src/crypto/signing-keys.ts";
import { type Algorithm, newKey, publicHalf } from "../../support/keys.ts";

/** Makes an RSA key of any length: jose makes none below 2,048 bits. */
async function rsaKey(bits: number): Promise<JWK> {
  const pair = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: bits,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  );
  const { key_ops, ext, alg, ...jwk } = (await crypto.subtle.exportKey(
    "jwk",
    (pair as CryptoKeyPair).privateKey,
  )) as JWK;
  return jwk;
}

const without = (jwk: JWK, name: keyof JWK): JWK => {
  return Object.fromEntries(Object.entries(jwk).filter(([member]) => member !== name)) as JWK;
};

describe.each<Algorithm>(["ES256", "EdDSA", "RS256"])("a key for %s", (algorithm) => {
  test("signs by its private half and verifies by its public one", async () => {
    const key = await newKey(algorithm);
    for (const named of [{}, { alg: algorithm }, { use: "sig" }, { kid: "one" }]) {
      expect(problemOfKey({ ...key, ...named }, "sign")).toBeNull();
      expect(problemOfKey({ ...publicHalf(key), ...named }, "verify")).toBeNull();
    }
    const operations = { key_ops: ["sign", "verify"], ext: true };
    expect(await importSigningKeys([{ ...key, ...operations }])).toBeTypeOf("object");
  });

  test.each<[string, object, string]>([
    ["for encryption", { use: "enc" }, 'has a "use" other than "sig"'],
    ["for another operation", { key_ops: ["deriveBits"] }, 'has "key_ops" without "sign"'],
    ["of no operation", { key_ops: "sign" }, 'has "key_ops" without "sign"'],
    ["of another algorithm", { alg: "PS512" }, 'has an "alg" that does not match it'],
    ["with a kid that is a number", { kid: 1 }, 'has a "kid" that is not a string'],
  ])("%s is rejected", async (_, members, problem) => {
    const key = { ...(await newKey(algorithm)), ...members };
    expect(problemOfKey(key, "sign")).toContain(problem);
    expect(parseJwkSet(JSON.stringify({ keys: [await newKey(), key] }))).toMatch(/^key 2 has /);
  });

  test("without its private half cannot sign", async () => {
    expect(problemOfKey(publicHalf(await newKey(algorithm)), "sign")).toContain("is a public key");
  });

  test("with any private member is rejected as a key that verifies", async () => {
    const half = publicHalf(await newKey(algorithm));
    for (const name of ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]) {
      expect(problemOfKey({ ...half, [name]: "AAAA" }, "verify")).toContain("is a private key");
    }
  });

  test("with halves of two keys is found when it is imported", async () => {
    const [one, other] = [await newKey(algorithm), await newKey(algorithm)];
    const mixed = { ...one, ...publicHalf(other) };
    expect(problemOfKey(mixed, "sign")).toBeNull();
    expect(await importSigningKeys([one, mixed])).toBe(
      "key 2 cannot sign: its private and public members do not match",
    );
  });

  test("without one of its members is rejected", async () => {
    const key = await newKey(algorithm);
    for (const name of Object.keys(key) as (keyof JWK)[]) {
      expect(problemOfKey(without(key, name), "sign")).not.toBeNull();
    }
    const half = publicHalf(key);
    for (const name of Object.keys(half) as (keyof JWK)[]) {
      expect(problemOfKey(without(half, name), "verify")).not.toBeNull();
    }
  });
});

test.each<[string, unknown]>([
  ["P-384", { kty: "EC", crv: "P-384", x: "AAAA", y: "AAAA" }],
  ["secp256k1", { kty: "EC", crv: "secp256k1", x: "AAAA", y: "AAAA" }],
  ["Ed448", { kty: "OKP", crv: "Ed448", x: "AAAA" }],
  ["X25519", { kty: "OKP", crv: "X25519", x: "AAAA" }],
  ["a shared secret", { kty: "oct", k: "AAAA" }],
  ["no type", {}],
  ["null", null],
  ["a string", "key"],
])("a key of %s is rejected", (_, key) => {
  for (const use of ["sign", "verify"] as const) expect(problemOfKey(key, use)).not.toBeNull();
});

test("an EC key that is no point of P-256 is rejected", async () => {
  const { x = "", ...half } = publicHalf(await newKey());
  const swapped = { ...half, x: half.y, y: x };
  expect(problemOfKey(swapped, "verify")).toBe("is not a point on its curve");
});

test("an RSA key has the length that RFC 7518 §3.3 requires", async () => {
  const short = await rsaKey(1024);
  const problem = "has 1024 bits: an RSA key must have 2048 to 8192";
  expect(problemOfKey(short, "sign")).toBe(problem);
  expect(problemOfKey(publicHalf(short), "verify")).toBe(problem);
  expect(parseJwkSet(JSON.stringify({ keys: [short] }))).toBe(`key 1 ${problem}`);
  expect(problemOfKey(await rsaKey(2048), "sign")).toBeNull();
});
