import { beforeEach, describe, expect, test } from "vitest";
import {
  createVerdictMemory,
  type VerdictMemory,
} from "../../../src/client-auth/verdict-memory.ts";
import { secureRandom } from "../../../src/crypto/random.ts";
import { mapUseOf } from "../../support/largest-map.ts";

const SHOP = { clientId: "shop", secret: "secret", records: ["record"] };

let nowMs = 0;
let waits: number[] = [];
let memory: VerdictMemory;
/** What takes place while somebody waits. */
let meanwhile = () => {};

beforeEach(() => {
  [nowMs, waits, meanwhile] = [1_800_000_000_000, [], () => {}];
  memory = createVerdictMemory({
    random: secureRandom,
    clock: () => nowMs,
    async wait(ms) {
      waits.push(ms);
      nowMs += ms;
      meanwhile();
    },
  });
});

test("what was presented is kept by no map, however long it is", async () => {
  const long = { ...SHOP, clientId: "x".repeat(90_000), secret: "y".repeat(90_000) };
  const { keyLength } = await mapUseOf(async () => {
    const use = await memory.use(long);
    use.remember("record");
  });
  expect(keyLength).toBe(`record ${"0".repeat(64)}`.length);
  expect((await memory.use(long)).remembered).toBe("record");
  expect((await memory.use({ ...long, clientId: "shop" })).remembered).toBeNull();
});

describe("a secret that another request is checking", () => {
  test("is waited for, and its verdict taken", async () => {
    const first = await memory.use(SHOP);
    expect(first.remembered).toBeNull();
    meanwhile = () => {
      if (waits.length < 3) return;
      first.remember("record");
      first.end();
    };
    expect((await memory.use(SHOP)).remembered).toBe("record");
    expect(waits).toEqual([10, 20, 40]);
  });

  test("is waited for until it turns out wrong, by the next alone", async () => {
    const first = await memory.use(SHOP);
    meanwhile = () => first.end();
    const second = await memory.use(SHOP);
    expect([second.remembered, waits]).toEqual([null, [10]]);
    // The end of the first is not that of the second.
    first.end();
    meanwhile = () => second.end();
    expect((await memory.use(SHOP)).remembered).toBeNull();
    expect(waits).toEqual([10, 10]);
  });

  test("is waited for no longer than a while", async () => {
    await memory.use(SHOP);
    expect((await memory.use(SHOP)).remembered).toBeNull();
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 640]);
  });

  test("is not waited for when that request must be dead", async () => {
    await memory.use(SHOP);
    nowMs += 3000;
    await memory.use(SHOP);
    expect(waits).toEqual([]);
  });

  test.each([
    ["another secret", { ...SHOP, secret: "another" }],
    ["another client's", { ...SHOP, clientId: "desk", records: [] }],
  ])("keeps %s from nothing", async (_, other) => {
    await memory.use(SHOP);
    await memory.use(other);
    expect(waits).toEqual([]);
  });
});

describe("a secret that was right", () => {
  test("is remembered for ten minutes, for that record alone", async () => {
    const use = await memory.use(SHOP);
    use.remember("record");
    use.end();
    expect((await memory.use(SHOP)).remembered).toBe("record");
    expect((await memory.use({ ...SHOP, records: ["new"] })).remembered).toBeNull();
    expect((await memory.use({ ...SHOP, secret: "wrong" })).remembered).toBeNull();
    nowMs += 600_000;
    expect((await memory.use(SHOP)).remembered).toBeNull();
  });

  test("is forgotten when a thousand others were right since", async () => {
    for (let n = 0; n <= 1000; n += 1) {
      const use = await memory.use({ ...SHOP, secret: `secret ${n}` });
      use.remember("record");
      use.end();
    }
    expect((await memory.use({ ...SHOP, secret: "secret 0" })).remembered).toBeNull();
    expect((await memory.use({ ...SHOP, secret: "secret 1" })).remembered).toBe("record");
  });
});
