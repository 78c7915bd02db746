import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test } from "vitest";
import type { Gate } from "../../src/django-import/gates.ts";
import { accessToken, application, refreshToken, user } from "../support/django-dump.ts";
import { importRows, reasonsOf } from "../support/importing.ts";

const PAST = "2020-01-01T00:00:00Z";
const AHEAD = "2999-01-01T00:00:00Z";

afterEach(async () => {
  const tables = ["users", "clients", "imported_refresh_tokens", "imported_access_tokens"];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
});

/** A user of a model of the project's own, without `is_active`. */
function member(pk: number, name: string, own: object) {
  const { is_active, ...fields } = user(pk, name).fields;
  return { model: "auth.user", pk, fields: { ...fields, ...own } };
}

async function names(query: string): Promise<unknown[]> {
  return (await env.DB.prepare(query).raw<[unknown]>()).flat();
}

const active = () => names("SELECT username FROM users WHERE is_active = 1 ORDER BY username");
const under = (...userGates: Gate[]) => ({ models: { userGates } });

describe("users whose model lacks is_active", () => {
  test.each([
    [{ active: false }, "--active-field active"],
    [{ is_enabled: false }, "--active-field is_enabled"],
    [{ isActivated: "false" }, "--active-field isActivated"],
    [{ status: "suspended" }, "--active-field status"],
    [{ email_verified: 0 }, "--active-field email_verified"],
    [{ valid_until: PAST }, "--active-field valid_until"],
    [{ disabled: true }, "--blocked-field disabled"],
    [{ is_banned: 1 }, "--blocked-field is_banned"],
    [{ locked_until: AHEAD }, "--blocked-field locked_until"],
    [{ deleted_at: PAST }, "--blocked-field deleted_at"],
    [{ expires_on: "2020-01-01" }, "--blocked-field expires_on"],
  ])(
    "are rejected while %j is not understood, and the error names the option",
    async (own, option) => {
      const rows = [member(1, "ada", own), member(2, "bob", {})];
      const error = await importRows(rows).catch((problem: Error) => problem);
      expect(error).toMatchObject({ reason: "invalid" });
      expect((error as { problems?: string[] }).problems).toEqual([
        expect.stringMatching(/^no auth\.user has the field is_active, and \w+ may block 1 of/),
      ]);
      expect((error as { problems?: string[] }).problems?.[0]).toContain(
        `(ada): use ${option}, or`,
      );
      expect(await names("SELECT username FROM users")).toEqual([]);
    },
  );

  test("come over as the named fields say", async () => {
    const rows = [
      member(1, "ada", { active: true, deleted_at: null }),
      member(2, "bob", { active: false, deleted_at: null }),
      member(3, "cleo", { active: true, deleted_at: PAST }),
      member(4, "dan", { active: true, deleted_at: AHEAD }),
      member(5, "eve", { active: "perhaps", deleted_at: null }),
    ];
    const report = await importRows(rows, {
      ...under({ field: "active", sense: "active" }, { field: "deleted_at", sense: "blocked" }),
    });
    expect(report).toMatchObject({ counts: { users: { taken: 4, refused: 1 } }, warnings: [] });
    expect(reasonsOf(report, "users")).toEqual([
      expect.stringMatching(/^refused active: is neither a boolean nor a time; .*=VALUE: 5$/),
    ]);
    expect(await active()).toEqual(["ada", "dan"]);
  });

  test("come over by one value of a field", async () => {
    const rows = ["member", "guest"].map((plan, index) => member(index + 1, plan, { plan }));
    await importRows(rows, under({ field: "plan", sense: "active", value: "member" }));
    expect(await active()).toEqual(["member"]);
  });

  test("all come over active once the operator says that no field keeps out", async () => {
    const rows = [member(1, "ada", { active: false })];
    expect(await importRows(rows, { models: { userGates: null } })).toMatchObject({ warnings: [] });
    expect(await active()).toEqual(["ada"]);
  });

  test("that has no field like it are taken with a warning", async () => {
    const { warnings } = await importRows([member(1, "ada", { plan: "gold" })]);
    expect(warnings).toEqual([expect.stringContaining("all are imported as active")]);
  });

  test("need a named field to be there", async () => {
    const gate = { field: "activ", sense: "active" } as const;
    const importing = importRows([member(1, "ada", { active: true })], under(gate));
    await expect(importing).rejects.toMatchObject({
      problems: [
        expect.stringMatching(/^no auth\.user has the field activ; .*Its fields: active, /),
      ],
    });
  });
});

test("a field other than is_active that may lock users out is named", async () => {
  const rows = [user(1, "ada", { banned: true }), user(2, "bob", { banned: false })];
  expect(await importRows(rows)).toMatchObject({
    warnings: [expect.stringMatching(/^banned may block 1 of the users \(ada\).*--blocked-field/)],
    unread: expect.arrayContaining([
      expect.objectContaining({ kind: "users", field: "banned", count: 2, closed: 1 }),
    ]),
  });
});

describe("fields of the project's own", () => {
  const shop = (fields: object) => application(1, "shop", fields);

  test.each([{ active: false }, { enabled: "0" }, { revoked_at: PAST }, { status: "disabled" }])(
    "that keep a client out disable it: %j",
    async (own) => {
      const rows = [user(1, "ada"), shop(own), accessToken(1), refreshToken(1)];
      const report = await importRows(rows);
      const [field] = Object.keys(own);
      expect(reasonsOf(report, "clients")).toEqual([
        `changed blocked by its field ${field}: imported as disabled: shop`,
      ]);
      expect(await names("SELECT client_id FROM clients WHERE disabled = 1")).toEqual(["shop"]);
      expect(report.counts.refresh_tokens).toMatchObject({ taken: 0, refused: 1 });
      expect(report.counts.access_tokens).toMatchObject({ taken: 0, refused: 1 });
    },
  );

  test("that say yes, or nothing, change nothing", async () => {
    const own = { active: true, enabled: "1", revoked_at: null, expires_at: AHEAD };
    const report = await importRows([user(1, "ada"), shop(own)]);
    expect(report.counts.clients).toMatchObject({ taken: 1, changed: 0 });
  });

  test("that are not understood are named", async () => {
    const rows = [user(1, "ada"), shop({ status: "gold", api_key: "hunter2" })];
    const report = await importRows(rows, { introspectors: ["shop"] });
    expect(report.warnings).toEqual([
      expect.stringMatching(
        /^status may block 1 of the clients \(shop\) on the old server, but is not read/,
      ),
    ]);
    expect(JSON.stringify(report)).not.toContain("hunter2");
    expect(report.unread).toContainEqual(expect.objectContaining({ field: "api_key", count: 1 }));
  });

  test.each([{ revoked: true }, { revoked: PAST }, { is_blacklisted: "true" }, { active: false }])(
    "that keep an access token out are read, and end it later: %j",
    async (own) => {
      const whole = [user(1, "ada"), shop({}), accessToken(1), accessToken(2)];
      const [field] = Object.keys(own);
      const first = await importRows([...whole.slice(0, 3), accessToken(2, own)]);
      expect(reasonsOf(first, "access_tokens")).toEqual([
        `refused blocked by its field ${field} on the old server: 2`,
      ]);
      await importRows(whole);
      const count = () => names("SELECT count(*) FROM imported_access_tokens");
      expect(await count()).toEqual([2]);
      expect(await importRows([...whole.slice(0, 3), accessToken(2, own)])).toMatchObject({
        earlier: { revokedEnded: 1 },
      });
      expect(await count()).toEqual([1]);
    },
  );

  test("that keep a refresh token out are read", async () => {
    const rows = [user(1, "ada"), shop({}), accessToken(1), refreshToken(1, { blocked: true })];
    expect(reasonsOf(await importRows(rows), "refresh_tokens")).toEqual([
      "refused blocked by its field blocked on the old server: 1",
    ]);
  });
});
