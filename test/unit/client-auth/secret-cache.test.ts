import { beforeEach, describe, expect, test } from "vitest";
import { createSecretCache, type SecretCache } from "../../../src/client-auth/secret-cache.ts";
import { secureRandom } from "../../../src/crypto/bytes.ts";
import { mapUseOf } from "../../support/largest-map.ts";

const SHOP = { clientId: "shop", secret: "secret", hashes: ["hash"] };

let nowMs = 0;
let waits: number[] = [];
let cache: SecretCache;
/** What happens while a request waits. */
let duringWait = () => {};

/** Begins a check, and finds what is cached. */
async function begin({ clientId, secret, hashes }: typeof SHOP) {
  const check = await cache.begin(clientId, secret);
  const { isFirst } = check;
  return { ...check, cached: isFirst ? null : await check.find(hashes) };
}

beforeEach(() => {
  [nowMs, waits, duringWait] = [1_800_000_000_000, [], () => {}];
  cache = createSecretCache({
    random: secureRandom,
    clock: () => nowMs,
    async wait(ms) {
      waits.push(ms);
      nowMs += ms;
      duringWait();
    },
  });
});

test("no map keeps the presented secret, however long it is", async () => {
  const long = { ...SHOP, clientId: "x".repeat(90_000), secret: "y".repeat(90_000) };
  const { keyLength } = await mapUseOf(async () => {
    const use = await begin(long);
    use.store("hash");
  });
  expect(keyLength).toBe(64);
  expect((await begin(long)).cached).toBe("hash");
  expect((await begin({ ...long, clientId: "shop" })).cached).toBeNull();
});

describe("a secret that another request verifies", () => {
  test("is not first, nor is one that was valid", async () => {
    const first = await begin(SHOP);
    expect([first.isFirst, (await cache.begin("shop", "secret")).isFirst]).toEqual([true, false]);
    first.store("hash");
    first.end(null);
    expect((await cache.begin("shop", "secret")).isFirst).toBe(false);
    expect((await cache.begin("shop", "another")).isFirst).toBe(true);
  });

  test("is waited for, and the result is shared", async () => {
    const first = await begin(SHOP);
    expect(first.cached).toBeNull();
    duringWait = () => {
      if (waits.length < 3) return;
      first.store("hash");
      first.end(null);
    };
    expect((await begin(SHOP)).cached).toBe("hash");
    expect(waits).toEqual([10, 20, 40]);
  });

  test("that turns out wrong is then verified by one waiting request", async () => {
    const first = await begin(SHOP);
    duringWait = () => first.end(null);
    const second = await begin(SHOP);
    expect([second.cached, waits]).toEqual([null, [10]]);
    // The second wait does not end with the first.
    first.end(null);
    duringWait = () => second.end(null);
    expect((await begin(SHOP)).cached).toBeNull();
    expect(waits).toEqual([10, 10]);
  });

  test("is waited for up to a deadline", async () => {
    await begin(SHOP);
    expect((await begin(SHOP)).cached).toBeNull();
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 640]);
  });

  test("is not waited for when that request must have been cut off", async () => {
    await begin(SHOP);
    nowMs += 3000;
    await begin(SHOP);
    expect(waits).toEqual([]);
  });

  test.each([
    ["another secret", { ...SHOP, secret: "another" }],
    ["another client's", { ...SHOP, clientId: "desk", hashes: [] }],
  ])("does not delay %s", async (_, other) => {
    await begin(SHOP);
    await begin(other);
    expect(waits).toEqual([]);
  });
});

describe("the client of a secret", () => {
  const client = { clientId: "shop", authMethod: "client_secret_basic", grantTypes: [] } as const;

  test("is what the last check of a cached secret said, and forgotten when that rejects", async () => {
    const lastVerified = () => cache.lastVerified("shop", "secret");
    const first = await begin(SHOP);
    first.store("hash");
    expect(await lastVerified()).toBeNull();
    first.end(client);
    expect(await lastVerified()).toEqual(client);
    expect(await cache.lastVerified("shop", "wrong")).toBeNull();
    (await begin(SHOP)).end(null);
    expect(await lastVerified()).toBeNull();
    (await begin(SHOP)).end(client);
    nowMs += 600_000;
    expect(await lastVerified()).toBeNull();
  });

  test("is not kept with a secret that is not cached", async () => {
    (await begin(SHOP)).end(client);
    expect(await cache.lastVerified("shop", "secret")).toBeNull();
  });
});

describe("a secret that was valid", () => {
  test("is cached for ten minutes, for that hash alone", async () => {
    const use = await begin(SHOP);
    use.store("hash");
    use.end(null);
    expect((await begin(SHOP)).cached).toBe("hash");
    expect((await begin({ ...SHOP, hashes: ["new"] })).cached).toBeNull();
    expect((await begin({ ...SHOP, secret: "wrong" })).cached).toBeNull();
    nowMs += 600_000;
    expect((await begin(SHOP)).cached).toBeNull();
  });

  test("is evicted by a thousand other valid ones", async () => {
    for (let n = 0; n <= 1000; n += 1) {
      const use = await begin({ ...SHOP, secret: `secret ${n}` });
      use.store("hash");
      use.end(null);
    }
    expect((await begin({ ...SHOP, secret: "secret 0" })).cached).toBeNull();
    expect((await begin({ ...SHOP, secret: "secret 1" })).cached).toBe("hash");
  });
});
