import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { type Clone, makeClone } from "../support/clone.ts";
import { describeWithDebian, PYTHON, succeeds } from "../support/debian.ts";
import { ACCOUNTS, CLIENTS, logIn, PASSWORD, refresh, tradeCode } from "../support/django-cast.ts";
import { type DjangoSite, startDjangoSite } from "../support/django-site.ts";
import { readRegistry } from "../support/local-database.ts";
import { type Answer, postTo } from "../support/old-and-new.ts";
import { temporaryDir } from "../support/server.ts";
import { createOperator, type Operator } from "../support/walk-operator.ts";
import { readWalkPage } from "../support/walk-page.ts";

const PACKAGES = "python3-django-oauth-toolkit and gunicorn";
const areInstalled = succeeds(PYTHON, "-c", "import oauth2_provider, gunicorn");

const REFUSED = { status: 400, body: { error: "invalid_grant" } };
const WRONG = {
  status: 400,
  body: { error: "invalid_grant", error_description: "Invalid credentials given." },
};
const OURS = {
  status: 200,
  body: {
    access_token: expect.stringMatching(/^tga_/),
    refresh_token: expect.stringMatching(/^tgr_/),
  },
};
const ACTIVE = { status: 200, body: { active: true } };
const INACTIVE = { status: 200, body: { active: false } };

const LEGACY_CLIENT_SECRET = "ab".repeat(32);

describeWithDebian(
  "docs/moving-from-django.md, walked from the top",
  PACKAGES,
  areInstalled,
  () => {
    const page = readWalkPage("docs/moving-from-django.md");
    const { path: folder, remove } = temporaryDir();
    /** What Django issued, by what became of it. */
    const issued = new Map<string, Answer["body"]>();
    let site: DjangoSite;
    let clone: Clone;
    let operator: Operator;

    beforeAll(async () => {
      mkdirSync(join(folder, "clone"));
      clone = await makeClone(join(folder, "clone"));
      site = await startDjangoSite(folder);
      await site.make(ACCOUNTS);
      operator = createOperator(site, clone);
    });
    afterAll(async () => {
      await clone?.stop();
      await site?.stop();
      remove();
    });

    const old = (name: string) => issued.get(name) ?? {};
    const introspect = (token: string | undefined) => {
      return postTo(clone.url, "introspect", { token: token ?? "" }, CLIENTS.reports);
    };
    const recordOf = (username: string) => {
      const row = readRegistry(clone.stateDir).find((one) => one["username"] === username);
      return row?.["password_record"];
    };

    test("1. Look: Django says what is odd about it", async () => {
      const [look] = page.blocks("1. Look");
      const said = await operator.type(look?.text ?? "");
      expect(said).toContain("AUTH_USER_MODEL = 'auth.User'");
      expect(said).toContain(
        "PASSWORD_HASHERS = ['django.contrib.auth.hashers.PBKDF2PasswordHasher'",
      );
      expect(said).toMatch(/^OAUTH2_PROVIDER = .*'ACCESS_TOKEN_EXPIRE_SECONDS': 3600/m);
    });

    test("2. Set up: the service runs with the settings of its own", async () => {
      const [deploy] = page.blocks("2. Set up");
      clone.set('REFRESH_RETRY_WINDOW_SECONDS = 600\nSCOPES = "read write groups introspection"');
      await operator.type(deploy?.text ?? "");
      expect(await logIn(clone.url, "ada")).toMatchObject({ status: 401 });
    });

    test("3. Bring users and clients: the dump is nobody else's to read, and counted", async () => {
      const [dump, look, bring, login] = page.blocks("3. Bring users and clients");
      await operator.type(dump?.text ?? "");
      expect(statSync(join(site.dir, "dump.json")).mode & 0o777).toBe(0o600);
      operator.copyDump();
      const before = readRegistry(clone.stateDir);
      expect(await operator.type(look?.text ?? "")).toContain("dry run: nothing was written");
      expect(readRegistry(clone.stateDir)).toEqual(before);
      const report = await operator.type(bring?.text ?? "");
      expect(report).toMatch(/^users +7 +2 +0 +0$/m);
      expect(report).toMatch(/^clients +3 +1 +0 +0$/m);
      expect(report).toMatch(/^refresh tokens +0 +0 +0 +0$/m);
      const names = { USERNAME: "bob", PASSWORD: encodeURIComponent(PASSWORD) };
      const client = { CLIENT_ID: "shop", CLIENT_SECRET: encodeURIComponent(CLIENTS.shop.secret) };
      expect(
        JSON.parse(await operator.type(login?.text ?? "", { ...names, ...client })),
      ).toMatchObject(OURS.body);
    });

    test.each(["ada", "žofie@example.com", "old", "new"])(
      "%s logs in with the old password, twice: first Django's hash is checked, then one of ours",
      async (username) => {
        expect(recordOf(username)).toMatch(/^pbkdf2_sha256\$/);
        expect(await logIn(clone.url, username)).toMatchObject(OURS);
        await expect.poll(() => recordOf(username), { timeout: 30_000 }).toMatch(/^\$/);
        expect(await logIn(clone.url, username)).toMatchObject(OURS);
        const fields = { grant_type: "password", username, password: `${PASSWORD} ` };
        expect(await postTo(clone.url, "token", fields, CLIENTS.shop)).toMatchObject(WRONG);
      },
    );

    test.each(["una", "sha"])("nothing lets %s in yet", async (username) => {
      expect(await logIn(clone.url, username)).toMatchObject(WRONG);
    });

    test("4. Run both side by side: the client for it is made, and the settings are set", async () => {
      const [make, settings, deploy] = page.blocks("4. Run both side by side");
      expect(await operator.type(make?.text ?? "", { LEGACY_CLIENT_SECRET })).toContain("success");
      clone.set(operator.fill(settings?.text ?? ""));
      await operator.type(deploy?.text ?? "", { LEGACY_CLIENT_SECRET });
    });

    test("a user who signed up at Django after the dump logs in here, and from then on locally", async () => {
      await site.make({ users: [{ username: "eve", password: PASSWORD }] });
      expect(await logIn(clone.url, "eve")).toMatchObject(OURS);
      expect(await logIn(clone.url, "sha")).toMatchObject(OURS);
      await expect.poll(() => recordOf("sha"), { timeout: 30_000 }).toMatch(/^\$/);
      await site.make({ deactivated: ["eve", "sha"] });
      expect(await logIn(site.origin, "eve")).toMatchObject({ body: { error: "invalid_grant" } });
      expect(await logIn(clone.url, "eve")).toMatchObject(OURS);
      expect(await logIn(clone.url, "sha")).toMatchObject(OURS);
      expect(await logIn(clone.url, "una")).toMatchObject(WRONG);
      expect(await logIn(clone.url, "nobody")).toMatchObject(WRONG);
    });

    test("an API inside Django takes tokens of both", async () => {
      const [, , , make, settings] = page.blocks("4. Run both side by side");
      const printed = await operator.type(make?.text ?? "");
      const API_SECRET = /^client_secret +(\S+)$/m.exec(printed)?.[1] ?? "";
      await site.restartWith(operator.fill(settings?.text ?? "", { API_SECRET }));
      const atBoth = [await logIn(site.origin, "ada"), await logIn(clone.url, "ada")];
      for (const { body } of atBoth) {
        expect(await callSite(body.access_token)).toEqual({
          status: 200,
          text: '{"username": "ada"}',
        });
      }
      expect(await callSite("tga_invented")).toMatchObject({ status: 403 });
    });

    async function callSite(token: string | undefined): Promise<{ status: number; text: string }> {
      const headers = { Authorization: `Bearer ${token}` };
      const response = await fetch(`${site.origin}/whoami/`, { headers });
      return { status: response.status, text: await response.text() };
    }

    test("5. Switch: no token comes over before the service is told to take any", async () => {
      await issueAtDjango();
      const bring = "npm run -s cli -- import django dump.json";
      await operator.type(page.blocks("5. Switch")[3]?.text ?? "");
      operator.copyDump();
      await expect(operator.type(bring)).rejects.toThrow("IMPORTED_TOKENS is off");
    });

    test("the routes are routes to wrangler", async () => {
      const [routes] = page.blocks("5. Switch");
      const config = join(clone.dir, "with-routes.toml");
      const text = readFileSync(join(clone.dir, "wrangler.toml"), "utf8");
      writeFileSync(config, text.replace("\n", `\n${routes?.text}\n`));
      expect(unstable_readConfig({ config }, { hideWarnings: true }).routes).toHaveLength(3);
    });

    test("the tokens come over", async () => {
      const [, setting, deploy, dump, bring] = page.blocks("5. Switch");
      clone.set(setting?.text ?? "");
      await operator.type(`${deploy?.text}\n${dump?.text}`);
      operator.copyDump();
      const report = await operator.type(bring?.text ?? "");
      expect(report).toMatch(/^users +0 +0 +9 +1$/m);
      expect(report).toMatch(/^clients +1 +0 +4 +0$/m);
      expect(report).toMatch(/this name is here with another id +eve$/m);
      expect(report).toMatch(/^refresh tokens +refused +2 +revoked there/m);
      expect(report).toMatch(/^refresh tokens +refused +2 +its user is inactive/m);
    });

    test("an access token of Django is good here, and says whose it is", async () => {
      const ofUser = { client_id: "app", username: "bob", sub: "2", scope: "read write groups" };
      expect((await introspect(old("bob").access_token)).body).toMatchObject({
        active: true,
        ...ofUser,
      });
      const { body } = await introspect(old("reports").access_token);
      expect(body).toMatchObject({ active: true, client_id: "reports", scope: "read" });
      expect(body).not.toHaveProperty("username");
    });

    test.each(["consumed", "revoked", "ina"])(
      "tokens that were %s there are refused",
      async (name) => {
        expect(await refresh(clone.url, old(name).refresh_token)).toMatchObject(REFUSED);
        expect(await introspect(old(name).access_token)).toMatchObject(INACTIVE);
      },
    );

    test("a client refreshes with Django's token, once; a use after the next ends the login", async () => {
      const [, , , , , trade] = page.blocks("5. Switch");
      const client = { CLIENT_ID: "shop", CLIENT_SECRET: encodeURIComponent(CLIENTS.shop.secret) };
      const line = operator.fill(trade?.text ?? "", {
        ...client,
        REFRESH_TOKEN: `${old("ada").refresh_token}`,
      });
      const first = JSON.parse(await operator.type(line));
      expect(first).toMatchObject({ ...OURS.body, scope: "read write groups" });
      expect(await introspect(old("ada").access_token)).toMatchObject(INACTIVE);
      expect(JSON.parse(await operator.type(line))).toMatchObject(REFUSED.body);
      const second = await refresh(clone.url, first.refresh_token);
      expect(second).toMatchObject(OURS);
      expect(await introspect(second.body.access_token)).toMatchObject({
        body: { active: true, sub: "1" },
      });
      expect(JSON.parse(await operator.type(line))).toMatchObject(REFUSED.body);
      expect(await refresh(clone.url, second.body.refresh_token)).toMatchObject(REFUSED);
      expect(await introspect(second.body.access_token)).toMatchObject(INACTIVE);
    });

    test("of many uses of one of Django's tokens at once exactly one succeeds", async () => {
      const uses = Array.from({ length: 10 }, () => refresh(clone.url, old("raced").refresh_token));
      const answers = await Promise.all(uses);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ body }) => body["error"] === "invalid_grant")).toHaveLength(9);
    });

    test("a public client refreshes, and one whose grant is not offered here", async () => {
      expect(await refresh(clone.url, old("bob").refresh_token, "shop")).toMatchObject(REFUSED);
      issued.set("ours", (await refresh(clone.url, old("bob").refresh_token, "app")).body);
      expect(old("ours")).toMatchObject(OURS.body);
      const ofWeb = await refresh(clone.url, old("web").refresh_token, "web");
      expect(ofWeb).toMatchObject({ ...OURS, body: { scope: "read" } });
      const again = await logIn(clone.url, "bob", "web");
      expect(again).toMatchObject({ status: 400, body: { error: "unauthorized_client" } });
    });

    test("revoking one of Django's tokens here ends both of its pair", async () => {
      const { access_token, refresh_token } = old("refreshed");
      expect(await introspect(access_token)).toMatchObject(ACTIVE);
      const fields = { token: access_token ?? "" };
      expect(await postTo(clone.url, "revoke_token", fields, CLIENTS.shop)).toEqual({
        status: 200,
        body: {},
      });
      expect(await introspect(access_token)).toMatchObject(INACTIVE);
      expect(await refresh(clone.url, refresh_token)).toMatchObject(REFUSED);
    });

    test("brought over once more, nothing is added, and what was traded stays so", async () => {
      const report = await operator.type(page.blocks("5. Switch")[4]?.text ?? "");
      expect(report).toMatch(/^users +0 +0 /m);
      expect(report).toMatch(/^clients +0 +0 /m);
      expect(report).toMatch(/^refresh tokens +0 +0 /m);
      expect(report).toMatch(/^access tokens +0 +0 /m);
      for (const name of ["raced", "refreshed"]) {
        expect(await refresh(clone.url, old(name).refresh_token)).toMatchObject(REFUSED);
        expect(await introspect(old(name).access_token)).toMatchObject(INACTIVE);
      }
      const [, , , , , , remove] = page.blocks("5. Switch");
      await operator.type(remove?.text ?? "");
    });

    test("Going back: who had not refreshed here goes on there, others log in there again", async () => {
      const there = await refresh(site.origin, old("unused").refresh_token);
      expect(there).toMatchObject({ status: 200, body: { token_type: "Bearer" } });
      expect(await refresh(site.origin, old("ours").refresh_token, "app")).toMatchObject(REFUSED);
      expect(await logIn(site.origin, "bob", "app")).toMatchObject({ status: 200 });
      expect(await refresh(site.origin, old("web").refresh_token, "web")).toMatchObject({
        status: 200,
      });
    });

    test("coming again: what Django traded meanwhile is refused, and so is what was traded here", async () => {
      const [forget] = page.blocks("Going back");
      const [, , , dump, bring] = page.blocks("5. Switch");
      expect(await introspect(old("unused").access_token)).toMatchObject(ACTIVE);
      await operator.type(`${forget?.text}\n${dump?.text}`);
      operator.copyDump();
      await operator.type(bring?.text ?? "");
      for (const name of ["unused", "raced"]) {
        expect(await introspect(old(name).access_token)).toMatchObject(INACTIVE);
        expect(await refresh(clone.url, old(name).refresh_token)).toMatchObject(REFUSED);
      }
    });

    test("6. Clean up: without the settings no door to Django is left, and logins go on", async () => {
      const [tokens, left, legacy, deploy, deletion] = page.blocks("6. Clean up");
      expect(await introspect(old("waiting").access_token)).toMatchObject({
        body: { active: true },
      });
      expect(await operator.type(left?.text ?? "")).toMatch(/^.*"username":"shy".*\n$/);
      clone.set(`${tokens?.text}\n${legacy?.text}`);
      await operator.type(deploy?.text ?? "");
      await operator.type(deletion?.text ?? "");
      expect(await introspect(old("waiting").access_token)).toMatchObject(INACTIVE);
      expect(await refresh(clone.url, old("waiting").refresh_token)).toMatchObject(REFUSED);
      expect(await refresh(clone.url, old("ours").refresh_token, "app")).toMatchObject(OURS);
      expect(await logIn(clone.url, "shy")).toMatchObject(WRONG);
      expect((await clone.type("npm run -s cli -- client show tollgate")).code).toBe(3);
    });

    async function issueAtDjango(): Promise<void> {
      const keep = (name: string, { body }: Answer) => issued.set(name, body);
      keep("ada", await logIn(site.origin, "ada"));
      keep("bob", await logIn(site.origin, "bob", "app"));
      keep("raced", await logIn(site.origin, "ada"));
      keep("waiting", await logIn(site.origin, "ada"));
      keep("unused", await logIn(site.origin, "ada"));
      keep("consumed", await logIn(site.origin, "ada"));
      keep("refreshed", await refresh(site.origin, old("consumed").refresh_token));
      keep("revoked", await logIn(site.origin, "ada"));
      const token = old("revoked").refresh_token ?? "";
      await postTo(site.origin, "revoke_token", { token }, CLIENTS.shop);
      keep("ina", await logIn(site.origin, "ina"));
      await site.make({ deactivated: ["ina"] });
      keep("web", await tradeCode(site, "bob"));
      const alone = { grant_type: "client_credentials", scope: "read" };
      keep("reports", await postTo(site.origin, "token", alone, CLIENTS.reports));
      expect([...issued.values()].filter(({ access_token }) => !access_token)).toEqual([]);
    }

    test("every block of the page was done", () => {
      expect(page.undone()).toEqual([]);
    });
  },
);
