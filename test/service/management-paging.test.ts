import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { MANAGED, manage, registerSite } from "../support/managing.ts";
import { registerDefaults } from "../support/service.ts";

/** Names that sort in ways that a cursor could get wrong. */
const NAMES = [
  ...["a", "A", "aa", "a b", "a&limit=1", "a'b", "a%", "a_", "é", "日本", "😀", "~"],
  ...Array.from({ length: 12 }, (_, index) => `user ${index}`),
];

interface Listed {
  readonly items: readonly Record<string, unknown>[];
  readonly next: string | null;
}

beforeAll(async () => {
  await registerDefaults(MANAGED);
  await registerSite();
  await MANAGED.register({
    clients: Array.from({ length: 9 }, (_, index) => ({
      client_id: `client ${index}%`,
      token_endpoint_auth_method: "none",
    })),
    users: NAMES.map((username) => ({ username })),
  });
});

const LISTS = [
  ["users", "username", "SELECT username FROM users"],
  ["clients", "client_id", "SELECT client_id FROM clients"],
] as const;

async function page(list: string, query: Record<string, string>): Promise<Listed> {
  const answer = await manage("GET", `/admin/${list}?${new URLSearchParams(query)}`);
  expect(answer).toMatchObject({ status: 200 });
  return answer.body as Listed;
}

describe.each(LISTS)("the list of %s", (list, key, query) => {
  const keysOf = ({ items }: Listed) => items.map((item) => item[key]);

  async function pages(limit: number): Promise<Listed[]> {
    const all: Listed[] = [];
    let after: string | null = "";
    while (after !== null) {
      const one: Listed = await page(list, { limit: String(limit), after });
      all.push(one);
      after = one.next;
    }
    return all;
  }

  test("has each one exactly once, whatever the size of its pages", async () => {
    const { results } = await env.DB.prepare(query).all<Record<string, string>>();
    const expected = results.map((row) => row[key]).sort();
    const sizes = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(sizes, async (limit) => {
        const all = await pages(limit);
        expect(all.flatMap(keysOf).sort()).toEqual(expected);
        const full = all.slice(0, -1).map(({ items }) => items.length);
        expect(full.every((length) => length === limit)).toBe(true);
        expect(all.at(-1)?.items.length).toBeGreaterThan(0);
      }),
      { numRuns: 6 },
    );
  });

  test("has the rest, though the one that a page ended with is gone", async () => {
    const [first, second] = await pages(2);
    expect(keysOf(await page(list, { limit: "2", after: `${first?.next}\u0001` }))).toEqual(
      keysOf(second as Listed),
    );
  });

  test.each([
    ["no limit at all", "limit=0"],
    ["too much", "limit=1001"],
    ["less than nothing", "limit=-1"],
    ["a part", "limit=1.5"],
    ["a word", "limit=all"],
    ["nothing", "limit="],
    ["too long a cursor", `after=${"x".repeat(1025)}`],
    ["what there is not", "offset=1"],
  ])("rejects %s", async (_, query) => {
    const answer = await manage("GET", `/admin/${list}?${query}`);
    expect(answer).toMatchObject({ status: 422, body: { type: "urn:tollgate:problem:invalid" } });
  });

  test.each(["limit=1&limit=2", Array.from({ length: 9 }, (_, n) => `p${n}=1`).join("&")])(
    "rejects a malformed query: %s",
    async (query) => {
      expect(await manage("GET", `/admin/${list}?${query}`)).toMatchObject({ status: 400 });
    },
  );

  test.each(["%00", "%ff", "'; DROP TABLE users; --", "\u{10ffff}"])(
    "takes a cursor as a text like any other: %j",
    async (after) => {
      expect((await page(list, { after })).next).toBe(null);
    },
  );

  test("ends behind the last", async () => {
    expect(await page(list, { after: "\u{10ffff}" })).toEqual({ items: [], next: null });
  });
});

describe("the list of users by name", () => {
  test.each(NAMES)("has the one user of that name: %j", async (username) => {
    const { items, next } = await page("users", { username });
    expect([items.map((item) => item["username"]), next]).toEqual([[username], null]);
  });

  test.each(["nobody", "USER 1", "user 1 ", "%", "user%", ""])(
    "has no user of another name: %j",
    async (username) => {
      expect(await page("users", { username })).toEqual({ items: [], next: null });
    },
  );
});
