import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AdminDeps } from "../../src/admin/deps.ts";
import { createUser, showUser, updateUser } from "../../src/admin/users.ts";
import { exportRegistry } from "../../src/declarative/export.ts";
import { createLookups } from "../../src/storage/lookups.ts";
import { createRegistry } from "../../src/storage/registry.ts";
import { managementTools } from "../support/management.ts";
import { MANAGED, manage, registerSite } from "../support/managing.ts";

const PROFILE = {
  name: "Ada Lovelace",
  profile: "https://example.com/ada",
  birthdate: "0000-12-10",
  zoneinfo: "America/Argentina/Buenos_Aires",
  locale: "en_GB",
  email: "ada@example.com",
  email_verified: true,
  phone_number: "+1 (604) 555-1234;ext=5678",
  address: { formatted: "1 Street\nTown", country: "GB" },
};

let tools: AdminDeps;
let number = 0;
let username = "";
let id = "";

beforeAll(async () => {
  tools = await managementTools();
  await registerSite();
});

beforeEach(async () => {
  number += 1;
  username = `profile-${number}`;
  id = await createUser({ username, profile: PROFILE }, tools);
});

const profileOf = async () => (await showUser({ id }, tools)).profile;
const claimsOf = () =>
  createLookups({ db: env.DB, usernames: "exact", denied: new Set() }).profile(id);

test("a profile is released as it was written, with the time of its last change", async () => {
  const { created_at } = await showUser({ id }, tools);
  const createdSeconds = Math.floor(Date.parse(created_at) / 1000);
  expect(await claimsOf()).toEqual({ ...PROFILE, updated_at: createdSeconds });
  await env.DB.prepare("UPDATE users SET created_at_ms = 1000 WHERE id = ?").bind(id).run();
  expect(await claimsOf()).toMatchObject({ updated_at: 1 });
  await updateUser({ id }, { claims: { tenant: "acme" } }, tools);
  expect(await claimsOf()).toMatchObject({ updated_at: 1 });
  await updateUser({ id }, { profile: { name: "Ada" } }, tools);
  const { profile_updated_at } = await showUser({ id }, tools);
  expect(await claimsOf()).toMatchObject({
    name: "Ada",
    updated_at: Math.floor(Date.parse(profile_updated_at) / 1000),
  });
  expect(Date.parse(profile_updated_at)).toBeGreaterThanOrEqual(createdSeconds * 1000);
});

test("an empty profile has no claims, and a deleted user no profile", async () => {
  await updateUser({ id }, { profile: null }, tools);
  expect(await claimsOf()).toEqual({});
  expect(
    await createLookups({ db: env.DB, usernames: "exact", denied: new Set() }).profile("unknown"),
  ).toBeNull();
});

describe("a change", () => {
  test("keeps the fields that it does not name, and removes those with null", async () => {
    await updateUser({ id }, { profile: { website: "https://ada.example", locale: null } }, tools);
    const { locale: _, ...kept } = PROFILE;
    expect(await profileOf()).toEqual({ ...kept, website: "https://ada.example" });
    await updateUser({ id }, { is_active: true }, tools);
    expect(await profileOf()).toEqual({ ...kept, website: "https://ada.example" });
  });

  test("of the e-mail address makes it not verified, over HTTP too", async () => {
    const path = `/admin/users/${id}`;
    const patch = (profile: object) => manage("PATCH", path, { profile });
    const { body } = await patch({ email: "new@example.com" });
    const { email_verified: _, ...kept } = PROFILE;
    expect(body).toMatchObject({ profile: { ...kept, email: "new@example.com" } });
    expect(body).not.toHaveProperty("profile.email_verified");
    expect(await patch({ email: "x@example.com", email_verified: true })).toMatchObject({
      body: { profile: { email: "x@example.com", email_verified: true } },
    });
  });
});

test("a file sets the whole profile, and an export has it", async () => {
  await MANAGED.register({
    users: [{ username, profile: { name: "Ada", email: "a@example.com" } }],
  });
  expect(await profileOf()).toEqual({ name: "Ada", email: "a@example.com" });
  await MANAGED.register({ users: [{ username, is_active: true }] });
  const pieces: string[] = [];
  for await (const piece of exportRegistry(createRegistry(env.DB))) pieces.push(piece);
  const { users } = JSON.parse(pieces.join(""));
  const exported = users.find((user: { id: string }) => user.id === id);
  expect(exported).toMatchObject({ profile: { name: "Ada", email: "a@example.com" } });
  await MANAGED.register({ users: [exported] });
  expect(await profileOf()).toEqual(exported.profile);
});

test.each([
  [{ name: "" }, "name: is empty"],
  [{ name: "x".repeat(256) }, "name: is longer than 255 characters"],
  [{ name: "a\nb" }, "name: has a control character"],
  [{ name: "\ud800" }, "name: is not valid Unicode"],
  [{ name: 7 }, "name: Invalid input: expected string, received number"],
  [{ family_nam: "x" }, "family_nam: is not a known field; did you mean family_name?"],
  [{ updated_at: 1 }, "updated_at: is set by the service"],
  [{ picture: "javascript:alert(1)" }, "picture: is not a web address"],
  [{ picture: "https://" }, "picture: is not a web address"],
  [{ email: "ada" }, "email: is not an e-mail address"],
  [{ email_verified: "true" }, "email_verified: Invalid input: expected boolean, received string"],
  [{ birthdate: "1815-02-30" }, "birthdate: is not a date such as 1815-12-10, 0000-12-10 or 1815"],
  [{ birthdate: "10.12.1815" }, "birthdate: is not a date such as 1815-12-10, 0000-12-10 or 1815"],
  [{ zoneinfo: "Mars Base" }, "zoneinfo: is not a time zone of the IANA"],
  [{ locale: "english please" }, "locale: is not a language tag"],
  [{ phone_number: "call me" }, "phone_number: is not a telephone number"],
  [{ address: "London" }, "address: Invalid input: expected object, received string"],
  [{ address: { city: "London" } }, "address.city: is not a known field"],
  [{ address: { locality: "a\nb" } }, "address.locality: has a control character"],
])("the profile %j is rejected", async (profile, problem) => {
  const update = updateUser({ id }, { profile }, tools);
  await expect(update).rejects.toThrow(`profile.${problem}`);
  expect(await profileOf()).toEqual(PROFILE);
});

test("a profile is limited to 4,096 bytes", async () => {
  const address = { formatted: "\u00e4".repeat(999), street_address: "\u00e4".repeat(999) };
  const update = updateUser({ id }, { profile: { address } }, tools);
  await expect(update).rejects.toThrow("profile: is longer than 4096 bytes");
});
