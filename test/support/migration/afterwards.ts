import { expect, test } from "vitest";
import { logIn, refresh } from "./accounts.ts";
import { ACTIVE, INACTIVE, OURS, REFUSED, WRONG } from "./old-and-new.ts";
import type { Walk } from "./walk.ts";

const CLEAN_UP = "6. Clean up";

/** Walks back, forth again, and cleans up. */
export function testAfterwards(walk: Walk): void {
  test("Going back: who had not refreshed here goes on there, others log in there again", async () => {
    const there = await refresh(walk.site.origin, walk.old("unused").refresh_token);
    expect(there).toMatchObject({ status: 200, body: { token_type: "Bearer" } });
    expect(await refresh(walk.site.origin, walk.old("ours").refresh_token, "app")).toMatchObject(
      REFUSED,
    );
    expect(await logIn(walk.site.origin, "bob", "app")).toMatchObject({ status: 200 });
    expect(await refresh(walk.site.origin, walk.old("web").refresh_token, "web")).toMatchObject({
      status: 200,
    });
  });

  test("a second import: tokens that were exchanged since are rejected on both sides", async () => {
    const dump = walk.block("3. Bring users, clients and logins", 0);
    const first = walk.block("3. Bring users, clients and logins", 2);
    // As the page says of a further run.
    const bring = first.replace(' --introspection "{API_CLIENT_IDS}"', "");
    expect(await walk.introspect(walk.old("unused").access_token)).toMatchObject(ACTIVE);
    await walk.operator.type(dump);
    walk.operator.copyDump();
    expect(await walk.operator.type(bring)).toMatch(
      /^ended 2 imported tokens that the old server has revoked since$/m,
    );
    for (const name of ["unused", "raced"]) {
      expect(await walk.introspect(walk.old(name).access_token)).toMatchObject(INACTIVE);
      expect(await refresh(walk.clone.url, walk.old(name).refresh_token)).toMatchObject(REFUSED);
    }
  });

  test("6. Clean up: without the settings nothing calls Django, and logins continue", async () => {
    const tokens = walk.block(CLEAN_UP, 0);
    const left = walk.block(CLEAN_UP, 1);
    const legacy = walk.block(CLEAN_UP, 2);
    const deploy = walk.block(CLEAN_UP, 3);
    const deletion = walk.block(CLEAN_UP, 4);
    expect(await walk.introspect(walk.old("waiting").access_token)).toMatchObject({
      body: { active: true },
    });
    expect(await walk.operator.type(left)).toMatch(/^.*"username":"shy".*\n$/);
    walk.clone.set(`${tokens}\n${legacy}`);
    await walk.operator.type(deploy);
    await walk.operator.type(deletion);
    expect(await walk.introspect(walk.old("waiting").access_token)).toMatchObject(INACTIVE);
    expect(await refresh(walk.clone.url, walk.old("waiting").refresh_token)).toMatchObject(REFUSED);
    expect(await refresh(walk.clone.url, walk.old("ours").refresh_token, "app")).toMatchObject(
      OURS,
    );
    expect(await logIn(walk.clone.url, "shy")).toMatchObject(WRONG);
    expect((await walk.clone.type("npm run -s cli -- client show tollgate")).code).toBe(3);
  });
}
