import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRegistry } from "../local-database.ts";
import { CLIENTS, logIn, PASSWORD, refresh } from "./accounts.ts";
import { ACTIVE, INACTIVE, OURS, postTo, WRONG } from "./old-and-new.ts";
import type { Walk } from "./walk.ts";

const BRING = "3. Bring users, clients and logins";
const BOTH = "4. Run both side by side";

/** Logins at Django that come over at step 3, by what becomes of them until the switch. */
const EARLY = ["early stayed", "early moved", "early traded", "early revoked"];

/** The secret of the client that asks at Django. */
const LEGACY_CLIENT_SECRET = "ab".repeat(32);

/** Walks the page from its top until both servers run side by side. */
export function testSideBySide(walk: Walk): void {
  test("1. Look: Django reports the problems", async () => {
    const look = walk.block("1. Look", 0);
    const said = await walk.operator.type(look);
    expect(said).toContain("AUTH_USER_MODEL = 'auth.User'");
    expect(said).toContain(
      "PASSWORD_HASHERS = ['django.contrib.auth.hashers.PBKDF2PasswordHasher'",
    );
    expect(said).toMatch(/^OAUTH2_PROVIDER = .*'ACCESS_TOKEN_EXPIRE_SECONDS': 3600/m);
  });

  test("2. Set up: the service runs with the settings of its own", async () => {
    const taking = walk.block("2. Set up", 0);
    const deploy = walk.block("2. Set up", 1);
    walk.clone.set(taking);
    walk.clone.set(
      'REFRESH_RETRY_WINDOW_SECONDS = 600\nSCOPES = "read write groups introspection"',
    );
    await walk.operator.type(deploy);
    expect(await logIn(walk.clone.url, "ada")).toMatchObject({ status: 401 });
  });

  test("3. Bring users, clients and logins: the dump is private, and counted", async () => {
    const dump = walk.block(BRING, 0);
    const look = walk.block(BRING, 1);
    const bring = walk.block(BRING, 2);
    const login = walk.block(BRING, 3);
    for (const name of EARLY) walk.keep(name, (await logIn(walk.site.origin, "ada")).body);
    await walk.operator.type(dump);
    expect(statSync(join(walk.site.dir, "dump.json")).mode & 0o777).toBe(0o600);
    walk.operator.copyDump();
    const before = readRegistry(walk.clone.stateDir);
    expect(await walk.operator.type(look)).toContain("dry run: nothing was written");
    expect(readRegistry(walk.clone.stateDir)).toEqual(before);
    const report = await walk.operator.type(bring, { API_CLIENT_IDS: "reports" });
    expect(report).toMatch(/^users +7 +2 +0 +0$/m);
    expect(report).toMatch(/^clients +4 +0 +0 +0$/m);
    expect(report).toMatch(/^warning: 1 confidential clients may request codes .*: web\. /m);
    expect(report).toMatch(/^refresh tokens +4 +0 +0 +0$/m);
    const names = { USERNAME: "bob", PASSWORD: encodeURIComponent(PASSWORD) };
    const client = { CLIENT_ID: "shop", CLIENT_SECRET: encodeURIComponent(CLIENTS.shop.secret) };
    expect(JSON.parse(await walk.operator.type(login, { ...names, ...client }))).toMatchObject(
      OURS.body,
    );
  });

  test.each(["ada", "žofie@example.com", "old", "new"])(
    "%s logs in with the old password, twice: first Django's hash is checked, then one of ours",
    async (username) => {
      expect(walk.recordOf(username)).toMatch(/^pbkdf2_sha256\$/);
      expect(await logIn(walk.clone.url, username)).toMatchObject(OURS);
      await expect.poll(() => walk.recordOf(username), { timeout: 30_000 }).toMatch(/^\$/);
      expect(await logIn(walk.clone.url, username)).toMatchObject(OURS);
      const fields = { grant_type: "password", username, password: `${PASSWORD} ` };
      expect(await postTo(walk.clone.url, "token", fields, CLIENTS.shop)).toMatchObject(WRONG);
    },
  );

  test.each(["una", "sha"])("nothing lets %s in yet", async (username) => {
    expect(await logIn(walk.clone.url, username)).toMatchObject(WRONG);
  });

  test("4. Run both side by side: the client for it is made, and the settings are set", async () => {
    const make = walk.block(BOTH, 0);
    const settings = walk.block(BOTH, 1);
    const deploy = walk.block(BOTH, 2);
    expect(await walk.operator.type(make, { LEGACY_CLIENT_SECRET })).toContain("success");
    walk.clone.set(walk.operator.fill(settings));
    await walk.operator.type(deploy, { LEGACY_CLIENT_SECRET });
  });

  test("a user who signed up at Django after the dump logs in here, and from then on locally", async () => {
    await walk.site.make({ users: [{ username: "eve", password: PASSWORD }] });
    expect(await logIn(walk.clone.url, "eve")).toMatchObject(OURS);
    expect(await logIn(walk.clone.url, "sha")).toMatchObject(OURS);
    await expect.poll(() => walk.recordOf("sha"), { timeout: 30_000 }).toMatch(/^\$/);
    await walk.site.make({ deactivated: ["eve", "sha"] });
    expect(await logIn(walk.site.origin, "eve")).toMatchObject({
      body: { error: "invalid_grant" },
    });
    expect(await logIn(walk.clone.url, "eve")).toMatchObject(OURS);
    expect(await logIn(walk.clone.url, "sha")).toMatchObject(OURS);
    expect(await logIn(walk.clone.url, "una")).toMatchObject(WRONG);
    expect(await logIn(walk.clone.url, "nobody")).toMatchObject(WRONG);
  });

  test("an API inside Django takes tokens of both", async () => {
    const make = walk.block(BOTH, 3);
    const settings = walk.block(BOTH, 4);
    const printed = await walk.operator.type(make);
    const API_SECRET = /^client_secret +(\S+)$/m.exec(printed)?.[1] ?? "";
    await walk.site.restartWith(walk.operator.fill(settings, { API_SECRET }));
    const atBoth = [await logIn(walk.site.origin, "ada"), await logIn(walk.clone.url, "ada")];
    for (const { body } of atBoth) {
      expect(await callSite(body.access_token)).toEqual({
        status: 200,
        text: '{"username": "ada"}',
      });
    }
    expect(await callSite("tga_invented")).toMatchObject({ status: 403 });
  });

  test("who was logged in stays so at a client that is pointed here", async () => {
    const { access_token, refresh_token } = walk.old("early moved");
    expect(await walk.introspect(access_token)).toMatchObject(ACTIVE);
    expect(await refresh(walk.clone.url, refresh_token)).toMatchObject(OURS);
    expect(await walk.introspect(access_token)).toMatchObject(INACTIVE);
  });

  async function callSite(token: string | undefined): Promise<{ status: number; text: string }> {
    const headers = { Authorization: `Bearer ${token}` };
    const response = await fetch(`${walk.site.origin}/whoami/`, { headers });
    return { status: response.status, text: await response.text() };
  }
}
