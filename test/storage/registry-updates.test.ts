import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import {
  createRegistry,
  RegistryConflict,
  type RegistryWrite,
} from "../../src/storage/registry.ts";
import { buildStatements } from "../../src/storage/registry-sql.ts";

const registry = createRegistry(env.DB);
const NAMES = ["ada", "bob", "eve"];
const START_MS = 1000;

function update(username: string, fields: object, more: object = {}): RegistryWrite {
  const expected = { claims: "{}" };
  return { kind: "update_user", username, fields, expected, endsSessions: false, ...more };
}

async function rows() {
  const found = await registry.findUsers(NAMES);
  return NAMES.map((name) => found.get(name));
}

beforeEach(async () => {
  await env.DB.batch([env.DB.prepare("DELETE FROM clients"), env.DB.prepare("DELETE FROM users")]);
  const fields = { password_record: "!", claims: "{}", profile: "{}", is_active: 1 };
  await registry.write(
    NAMES.map((username) => ({ kind: "insert_user", id: `id of ${username}`, username, fields })),
  );
  await env.DB.prepare("UPDATE users SET not_before_ms = ?1, unlocked_at_ms = ?1")
    .bind(START_MS)
    .run();
});

describe("updates of the same columns", () => {
  const names = Array.from({ length: 200 }, (_, index) => `user ${index}`);

  test.each<[string, (name: string, index: number) => RegistryWrite, number]>([
    ["2 for 200 users", (name) => update(name, { claims: "{}" }), 2],
    [
      "2 for 200 clients",
      (clientId) => ({
        kind: "update_client",
        clientId,
        fields: { scope: "read" },
        expected: { scope: null, claims: "{}" },
        endsSessions: true,
      }),
      2,
    ],
    ["4 for two groups", (name, i) => update(name, i < 100 ? { is_active: 0 } : { claims: "" }), 4],
    [
      "400 for alternating columns",
      (name, i) => update(name, i % 2 ? { is_active: 0 } : { claims: "" }),
      400,
    ],
    ["400 for one user", () => update("ada", { claims: "{}" }), 400],
  ])("take this number of statements: %s", (_, write, count) => {
    expect(buildStatements(env.DB, names.map(write), "exact")).toHaveLength(count);
  });

  test("give each row its own values, and do not change other rows and columns", async () => {
    const values = [null, 'ä€"\\ \u0000', "x".repeat(300_000)].map((text) =>
      JSON.stringify({ text }),
    );
    const writes = NAMES.map((name, index) =>
      update(name, { claims: values[index], is_active: 0 }),
    );
    await registry.write(writes.slice(0, 2));
    expect(await rows()).toMatchObject([
      { claims: values[0], is_active: 0, password_record: "!", not_before_ms: START_MS },
      { claims: values[1], is_active: 0, unlocked_at_ms: START_MS },
      { claims: "{}", is_active: 1 },
    ]);
    await registry.write(writes.slice(2));
    expect((await rows())[2]).toMatchObject({ claims: values[2], is_active: 0 });
  });

  test("end sessions and unlock only where a write requires it", async () => {
    await registry.write([
      update("ada", { is_active: 0 }, { endsSessions: true }),
      update("bob", { password_record: "new" }, { endsSessions: true }),
      update("eve", {}, { unlocks: true }),
    ]);
    const later = expect.toSatisfy((ms: number) => ms > START_MS);
    expect(await rows()).toMatchObject([
      { not_before_ms: later, unlocked_at_ms: START_MS },
      { not_before_ms: later, unlocked_at_ms: later },
      { not_before_ms: START_MS, unlocked_at_ms: later },
    ]);
  });

  test.each([
    ["one row is unknown", update("none", { claims: "[]" })],
    ["one row is not as expected", update("eve", { claims: "[]" }, { expected: { claims: "?" } })],
    ["one row is another user", update("eve", { claims: "[]" }, { expected: { id: "other" } })],
  ])("conflict and change nothing if %s", async (_, conflicting) => {
    const before = await rows();
    const others = ["ada", "bob"].map((name) => update(name, { claims: "[]" }));
    await expect(registry.write([...others, conflicting])).rejects.toBeInstanceOf(RegistryConflict);
    expect(await rows()).toEqual(before);
  });

  test("are made in order when a row is updated twice", async () => {
    const writes = ["[1]", "[2]"].map((claims) => update("ada", { claims }, { expected: {} }));
    await registry.write(writes);
    expect((await rows())[0]).toMatchObject({ claims: "[2]" });
  });

  test.each(["users", "clients"])(
    "find each row of %s by its key, without a scan",
    async (table) => {
      const key = table === "users" ? "username" : "client_id";
      const query = `EXPLAIN QUERY PLAN UPDATE ${table} SET claims = changes.value ->> 1
      FROM json_each('[]') AS changes WHERE ${table}.${key} = changes.value ->> 0`;
      const { results } = await env.DB.prepare(query).all<{ detail: string }>();
      const plan = results.map(({ detail }) => detail).join("\n");
      expect(plan).toContain(`SEARCH ${table} USING`);
      expect(plan).not.toContain(`SCAN ${table}`);
    },
  );
});
