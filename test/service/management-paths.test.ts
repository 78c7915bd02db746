import { beforeAll, describe, expect, test } from "vitest";
import { ADMIN_ROUTES } from "../../src/endpoints/admin/index.ts";
import { MANAGED, manage, newClient, newUser, registerSite } from "../support/managing.ts";
import { ask, granted, refresh } from "../support/requests.ts";
import { registerDefaults } from "../support/service.ts";

beforeAll(async () => {
  await registerDefaults(MANAGED);
  await registerSite();
});

const MISSING = {
  status: 404,
  body: { detail: expect.stringContaining("id after it is missing") },
};

/** A path with what a call would send that forgot the id at its end. */
const WITHOUT_LAST_ID = Object.entries(ADMIN_ROUTES).flatMap(([path, endpoints]) => {
  const parent = /^(.*\/)[^/]+$/.exec(path)?.[1] ?? "";
  return Object.keys(endpoints)
    .filter(() => parent !== "/admin/")
    .map((method) => [method, parent] as const);
});

describe("a path of the management API whose last part is missing", () => {
  test("never ends the sessions of its parent", async () => {
    const password = "a user's password";
    const { id, username } = await newUser({ password });
    const login = await granted(
      await ask(MANAGED, { grant_type: "password", username, password }, "site:secret"),
    );
    for (const ending of ["sessions/", "sessions/?x=1", "sessions/.", "sessions/x/..", ""]) {
      const answer = await manage("DELETE", `/admin/users/${id}/${ending}`);
      expect(answer, ending).toMatchObject(MISSING);
    }
    const refreshed = await refresh(MANAGED, login.refresh_token ?? "", {}, "site:secret");
    expect(refreshed.status).toBe(200);
    expect((await manage("DELETE", `/admin/users/${id}/sessions`)).status).toBe(204);
  });

  test.each(WITHOUT_LAST_ID)("does nothing: %s %s", async (method, template) => {
    const [{ id }, { client_id: clientId }] = [await newUser(), await newClient()];
    const path = template.replace("{id}", id).replace("{client_id}", clientId);
    const { status } = await manage(method, encodeURI(path), method === "GET" ? undefined : {});
    expect([404, 405, 422]).toContain(status);
    expect((await manage("GET", `/admin/users/${id}`)).status).toBe(200);
    expect((await manage("GET", `/admin/clients/${encodeURI(clientId)}`)).status).toBe(200);
  });

  test("may end in a slash where no path below it has the method", async () => {
    const { id } = await newUser();
    expect((await manage("GET", `/admin/users/${id}/sessions/`)).status).toBe(200);
    expect((await manage("PATCH", `/admin/users/${id}/`, {})).status).toBe(200);
  });
});
