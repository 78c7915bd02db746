import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { CLIENTS, issueAtDjango, logIn, refresh } from "./accounts.ts";
import { ACTIVE, INACTIVE, OURS, postTo, REFUSED } from "./old-and-new.ts";
import type { Walk } from "./walk.ts";

const SWITCH = "5. Switch";

const ENDED_SINCE = ["early traded", "early revoked"];

/** Walks the switch, where tokens come over. */
export function testSwitch(walk: Walk): void {
  test("5. Switch: what Django traded or revoked since step 3 is still good here", async () => {
    for (const [name, tokens] of Object.entries(await issueAtDjango(walk.site))) {
      walk.keep(name, tokens);
    }
    const traded = await refresh(walk.site.origin, walk.old("early traded").refresh_token);
    expect(traded).toMatchObject({ status: 200 });
    const fields = { token: walk.old("early revoked").refresh_token ?? "" };
    expect(await postTo(walk.site.origin, "revoke_token", fields, CLIENTS.shop)).toMatchObject({
      status: 200,
    });
    for (const name of ENDED_SINCE) {
      expect(await walk.introspect(walk.old(name).access_token)).toMatchObject(ACTIVE);
    }
  });

  test("the routes are routes to wrangler", async () => {
    const routes = walk.block(SWITCH, 0);
    const config = join(walk.clone.dir, "with-routes.toml");
    const text = readFileSync(join(walk.clone.dir, "wrangler.toml"), "utf8");
    writeFileSync(config, text.replace("\n", `\n${routes}\n`));
    expect(unstable_readConfig({ config }, { hideWarnings: true }).routes).toHaveLength(9);
  });

  test("what is new comes over, and what Django ended since ends", async () => {
    const dump = walk.block(SWITCH, 1);
    const bring = walk.block(SWITCH, 2);
    await walk.operator.type(dump);
    walk.operator.copyDump();
    const report = await walk.operator.type(bring);
    expect(report).toMatch(/^users +0 +0 +9 +1$/m);
    expect(report).toMatch(/^clients +1 +0 +4 +0$/m);
    expect(report).toMatch(/this name already exists with another id +eve$/m);
    expect(report).toMatch(/^refresh tokens +refused +4 +revoked on the old server/m);
    expect(report).toMatch(/^ended 4 imported tokens that the old server has revoked since$/m);
    expect(report).toMatch(/^refresh tokens +refused +2 +its user is inactive/m);
  });

  test("an access token of Django is valid here, and introspection names its user", async () => {
    const ofUser = { client_id: "app", username: "bob", sub: "2", scope: "read write groups" };
    expect((await walk.introspect(walk.old("bob").access_token)).body).toMatchObject({
      active: true,
      ...ofUser,
    });
    const { body } = await walk.introspect(walk.old("reports").access_token);
    expect(body).toMatchObject({ active: true, client_id: "reports", scope: "read" });
    expect(body).not.toHaveProperty("username");
  });

  test.each(["consumed", "revoked", "inactive", ...ENDED_SINCE])(
    "a token that was not valid there is rejected: %s",
    async (name) => {
      expect(await refresh(walk.clone.url, walk.old(name).refresh_token)).toMatchObject(REFUSED);
      expect(await walk.introspect(walk.old(name).access_token)).toMatchObject(INACTIVE);
    },
  );

  test("a login that came over at step 3 and was left alone goes on", async () => {
    const answer = await refresh(walk.clone.url, walk.old("early stayed").refresh_token);
    expect(answer).toMatchObject(OURS);
  });

  test("a client refreshes with Django's token, once; a use after the next ends the login", async () => {
    const trade = walk.block(SWITCH, 3);
    const client = { CLIENT_ID: "shop", CLIENT_SECRET: encodeURIComponent(CLIENTS.shop.secret) };
    const line = walk.operator.fill(trade, {
      ...client,
      REFRESH_TOKEN: `${walk.old("ada").refresh_token}`,
    });
    const first = JSON.parse(await walk.operator.type(line));
    expect(first).toMatchObject({ ...OURS.body, scope: "read write groups" });
    expect(await walk.introspect(walk.old("ada").access_token)).toMatchObject(INACTIVE);
    expect(JSON.parse(await walk.operator.type(line))).toMatchObject(REFUSED.body);
    const second = await refresh(walk.clone.url, first.refresh_token);
    expect(second).toMatchObject(OURS);
    expect(await walk.introspect(second.body.access_token)).toMatchObject({
      body: { active: true, sub: "1" },
    });
    expect(JSON.parse(await walk.operator.type(line))).toMatchObject(REFUSED.body);
    expect(await refresh(walk.clone.url, second.body.refresh_token)).toMatchObject(REFUSED);
    expect(await walk.introspect(second.body.access_token)).toMatchObject(INACTIVE);
  });

  test("of many uses of one of Django's tokens at once exactly one succeeds", async () => {
    const uses = Array.from({ length: 10 }, () =>
      refresh(walk.clone.url, walk.old("raced").refresh_token),
    );
    const answers = await Promise.all(uses);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body["error"] === "invalid_grant")).toHaveLength(9);
  });

  test("a public client refreshes, and one with authorization codes", async () => {
    expect(await refresh(walk.clone.url, walk.old("bob").refresh_token, "shop")).toMatchObject(
      REFUSED,
    );
    walk.keep("ours", (await refresh(walk.clone.url, walk.old("bob").refresh_token, "app")).body);
    expect(walk.old("ours")).toMatchObject(OURS.body);
    const ofWeb = await refresh(walk.clone.url, walk.old("web").refresh_token, "web");
    expect(ofWeb).toMatchObject({ ...OURS, body: { scope: "read" } });
    const again = await logIn(walk.clone.url, "bob", "web");
    expect(again).toMatchObject({ status: 400, body: { error: "unauthorized_client" } });
  });

  test("revoking one of Django's tokens here ends both of its pair", async () => {
    const { access_token, refresh_token } = walk.old("refreshed");
    expect(await walk.introspect(access_token)).toMatchObject(ACTIVE);
    const fields = { token: access_token ?? "" };
    expect(await postTo(walk.clone.url, "revoke_token", fields, CLIENTS.shop)).toEqual({
      status: 200,
      body: {},
    });
    expect(await walk.introspect(access_token)).toMatchObject(INACTIVE);
    expect(await refresh(walk.clone.url, refresh_token)).toMatchObject(REFUSED);
  });

  test("brought over once more, nothing is added, and what was traded stays so", async () => {
    const report = await walk.operator.type(walk.block(SWITCH, 2));
    expect(report).not.toContain("ended:");
    expect(report).toMatch(/^users +0 +0 /m);
    expect(report).toMatch(/^clients +0 +0 /m);
    expect(report).toMatch(/^refresh tokens +0 +0 /m);
    expect(report).toMatch(/^access tokens +0 +0 /m);
    for (const name of ["raced", "refreshed"]) {
      expect(await refresh(walk.clone.url, walk.old(name).refresh_token)).toMatchObject(REFUSED);
      expect(await walk.introspect(walk.old(name).access_token)).toMatchObject(INACTIVE);
    }
    const remove = walk.block(SWITCH, 4);
    await walk.operator.type(remove);
  });
}
