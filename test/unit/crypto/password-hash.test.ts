import { describe, expect, test } from "vitest";
import {
  type Bytes,
  fromBase64,
  secureRandom,
  toBase64Url,
  utf8,
} from "../../../src/crypto/bytes.ts";
import { longPbkdf2 } from "../../../src/crypto/long-pbkdf2.ts";
import {
  DJANGO_ITERATIONS_MAX,
  hashFor,
  makePasswordHash,
  parsePasswordHash,
  ROUNDS_MAX,
  SALT_BYTES,
} from "../../../src/crypto/password-hash.ts";
import { derivationsOf } from "../../support/derivations.ts";

const SALT = "AAECAwQFBgcICQoLDA0ODw";
const HASH = toBase64Url(new Uint8Array(32).fill(9));
const DJANGO_HASH = "mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";

/**
 * Made by `hashlib.pbkdf2_hmac` of Python 3.11, in Django's format. The last has more iterations
 * than one call of WebCrypto allows, too many for the usual time of a test.
 */
const DJANGO = [
  {
    password: "correct horse",
    record: `pbkdf2_sha256$1000$seasalt$${DJANGO_HASH}`,
    calls: [1000],
  },
  {
    password: "pässwörd 密码",
    record: "pbkdf2_sha256$100000$Zq3vYw0kJt8RmN5b$+jAzqpsRp46+DUGWukFfSURnq7xsgrwgXOcSrnlciY4=",
    calls: [100_000],
  },
  {
    password: "correct horse",
    record:
      "pbkdf2_sha256$120000$Zq3vYw0kJt8RmN5bLx7HdC$149YAlDQ8nuM3z7M8EFh+sEFO6+mbXxNBsKlQUA3/WE=",
    calls: [],
  },
] as const;
const LONG_TEST_MS = 120_000;

/** One round of PBKDF2 for "correct horse", without the code under test. */
async function deriveByHand(salt: Bytes): Promise<Bytes> {
  const raw = utf8("correct horse");
  const key = await crypto.subtle.importKey("raw", raw, "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations: 100_000 };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
}

function parsed(text: string) {
  const record = parsePasswordHash(text);
  if (record === null) throw new Error("the hash was not read");
  return record;
}

describe("a hash of this service", () => {
  test("contains its parameters", async () => {
    const record = await makePasswordHash("pw", 2, secureRandom(SALT_BYTES));
    expect(record).toMatch(/^\$pbkdf2-sha256\$r=2,i=100000\$[\w-]{22}\$[\w-]{43}$/);
    const { hash, salt, ...how } = parsed(record);
    expect(how).toEqual({ scheme: "chained", rounds: 2, iterations: 100_000 });
    expect(salt.length).toBe(16);
    expect(hash).toEqual(await hashFor("pw", parsed(record), longPbkdf2));
    expect(hash).not.toEqual(await hashFor("pW", parsed(record), longPbkdf2));
  });

  test("contains the chained derivation of password and salt, not the password", async () => {
    const salt = Uint8Array.from({ length: 16 }, (_, index) => index);
    const record = await makePasswordHash("correct horse", 2, salt);
    const second = await deriveByHand(await deriveByHand(salt));
    expect(record).toBe(`$pbkdf2-sha256$r=2,i=100000$${SALT}$${toBase64Url(second)}`);
  });

  test("may require work up to the limits", () => {
    const text = `$pbkdf2-sha256$r=${ROUNDS_MAX},i=100000$${SALT}$${HASH}`;
    expect(parsed(text)).toMatchObject({ rounds: ROUNDS_MAX, iterations: 100_000 });
    expect(parsed(`$pbkdf2-sha256$r=1,i=1$${SALT}$${HASH}`)).toMatchObject({ iterations: 1 });
  });
});

describe("a hash of Django's", () => {
  test.each(DJANGO)(
    "is derived as in Python: $record",
    async ({ password, record, calls }) => {
      expect(parsed(record)).toMatchObject({ scheme: "django", rounds: 1 });
      let hash: Uint8Array | null = null;
      const made = await derivationsOf(async () => {
        hash = await hashFor(password, parsed(record), longPbkdf2);
      });
      expect(hash).toEqual(fromBase64(record.split("$")[3] ?? ""));
      expect(hash).toEqual(parsed(record).hash);
      expect(made, "calls of WebCrypto").toEqual(calls);
    },
    LONG_TEST_MS,
  );

  test("does not match another password", async () => {
    const record = parsed(DJANGO[0].record);
    expect(await hashFor("correct horse ", record, longPbkdf2)).not.toEqual(record.hash);
  });

  test("is read with up to two million iterations and any text as its salt", () => {
    expect(DJANGO_ITERATIONS_MAX).toBe(2_000_000);
    const { iterations, salt } = parsed(`pbkdf2_sha256$2000000$sé,= l$${DJANGO_HASH}`);
    expect(iterations).toBe(2_000_000);
    expect(salt).toEqual(utf8("sé,= l"));
  });
});

describe("no hash is read from", () => {
  test.each([
    ["nothing", ""],
    ["Django's mark for unusable", "!"],
    ["Django's mark with a random suffix", "!wR8ZcT1bQ0yF3kLmN5pXsVdGhJ2a4e6u7i8o9AqS"],
    ["a plain password", "correct horse"],
    ["another hasher of Django", "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA"],
    ["Django's SHA-1 hasher", `pbkdf2_sha1$1000$seasalt$${DJANGO_HASH}`],
    ["Django's iterations above the limit", `pbkdf2_sha256$2000001$seasalt$${DJANGO_HASH}`],
    ["Django's iterations far above it", `pbkdf2_sha256$10000000$seasalt$${DJANGO_HASH}`],
    ["no Django iterations", `pbkdf2_sha256$0$seasalt$${DJANGO_HASH}`],
    ["negative Django iterations", `pbkdf2_sha256$-1$seasalt$${DJANGO_HASH}`],
    ["Django iterations in scientific notation", `pbkdf2_sha256$1e3$seasalt$${DJANGO_HASH}`],
    ["no Django salt", `pbkdf2_sha256$1000$$${DJANGO_HASH}`],
    ["a Django salt above the limit", `pbkdf2_sha256$1000$${"s".repeat(129)}$${DJANGO_HASH}`],
    ["a Django hash cut short", `pbkdf2_sha256$1000$seasalt$${DJANGO_HASH.slice(4)}`],
    ["a Django hash without padding", `pbkdf2_sha256$1000$seasalt$${DJANGO_HASH.slice(0, -1)}`],
    ["a Django hash with an extra part", `pbkdf2_sha256$1000$seasalt$${DJANGO_HASH}$`],
    ["rounds above the limit", `$pbkdf2-sha256$r=${ROUNDS_MAX + 1},i=100000$${SALT}$${HASH}`],
    ["no rounds", `$pbkdf2-sha256$r=0,i=100000$${SALT}$${HASH}`],
    ["iterations above one call's", `$pbkdf2-sha256$r=1,i=100001$${SALT}$${HASH}`],
    ["no iterations", `$pbkdf2-sha256$r=1,i=0$${SALT}$${HASH}`],
    ["a short salt", `$pbkdf2-sha256$r=1,i=100000$${SALT.slice(1)}$${HASH}`],
    ["a salt in another encoding", `$pbkdf2-sha256$r=1,i=100000$${SALT.slice(0, -1)}x$${HASH}`],
    ["a short hash", `$pbkdf2-sha256$r=1,i=100000$${SALT}$${HASH.slice(1)}`],
    ["a space in front", ` $pbkdf2-sha256$r=1,i=100000$${SALT}$${HASH}`],
    ["a line feed at the end", `$pbkdf2-sha256$r=1,i=100000$${SALT}$${HASH}\n`],
    ["a sealed hash", `$sealed$${HASH}`],
  ])("%s", (_what, text) => {
    expect(parsePasswordHash(text)).toBeNull();
  });
});
