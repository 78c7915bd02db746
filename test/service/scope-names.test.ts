import { beforeAll, describe, expect, test } from "vitest";
import { MANAGED, manage, newClient, registerSite } from "../support/managing.ts";
import { registerDefaults } from "../support/service.ts";

beforeAll(async () => {
  await registerDefaults(MANAGED);
  await registerSite();
});

const LONG = "x".repeat(2001);
const MANY = Array.from({ length: 101 }, (_, index) => `s${index}`).join(" ");

describe.each(["scope", "default_scope"])("the management API rejects a client's %s", (field) => {
  test.each([
    ["read,write", "has a comma; separate the names by spaces"],
    ["read, write", "has a comma; separate the names by spaces"],
    ["read\twrite", "is not scope names with spaces between"],
    [" ", "is not scope names with spaces between"],
    [LONG, "is longer than 2000 characters"],
    [MANY, "has more than 100 names"],
    ["read wrte", "1 of 2 names are not in SCOPES"],
    ["Read", "1 of 1 names are not in SCOPES"],
  ])("%j", async (value, message) => {
    const created = await manage("POST", "/admin/clients", { client_id: "new", [field]: value });
    const { client_id: id } = await newClient({ scope: "read" });
    const updated = await manage("PATCH", `/admin/clients/${encodeURIComponent(id)}`, {
      [field]: value,
    });
    for (const answer of [created, updated]) {
      expect(answer).toMatchObject({
        status: 422,
        body: { problems: [{ place: field, message: expect.stringContaining(message) }] },
      });
    }
  });
});

test("the management API takes every scope of the service, and admin", async () => {
  const { client_id: id } = await newClient({ scope: "read admin" });
  const path = `/admin/clients/${encodeURIComponent(id)}`;
  expect(await manage("PATCH", path, { scope: "read write groups introspection" })).toMatchObject({
    status: 200,
  });
});
