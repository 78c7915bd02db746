import { beforeAll, describe, expect, test, vi } from "vitest";
import { JWT_CLIENT, registerCheckers } from "../support/checks.ts";
import { isActive } from "../support/inspection.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_SCOPE, refusal, success, UNAVAILABLE } from "../support/responses.ts";
import { createService, registerDefaults } from "../support/service.ts";

const service = createService();
const ALL_SCOPES = "read write groups";

beforeAll(async () => {
  await registerDefaults(service);
  await service.register({
    clients: [
      { client_id: "other", client_secret: "secret" },
      { client_id: "modest", client_secret: "secret", default_scope: "read" },
      { client_id: "shrinking", client_secret: "secret", scope: "read write groups" },
      { client_id: "brief", client_secret: "secret", access_token_ttl_seconds: 120 },
    ],
  });
});

describe("a refresh", () => {
  test("ends the previous access token, and no other login's", async () => {
    const [first, other] = [await logIn(service), await logIn(service)];
    expect(await isActive(service, first.access_token)).toBe(true);
    const second = granted(await refresh(service, first.refresh_token));
    expect(await isActive(service, first.access_token)).toBe(false);
    expect(await isActive(service, second.access_token)).toBe(true);
    expect(await isActive(service, other.access_token)).toBe(true);
  });

  test("follows the client's own lifetime", async () => {
    const { refresh_token } = await logIn(service, {}, "brief:secret");
    const answer = await refresh(service, refresh_token, {}, "brief:secret");
    expect(answer).toEqual(success(ALL_SCOPES, 120));
  });

  test("needs no user name or password, and ignores them", async () => {
    const { refresh_token } = await logIn(service);
    const fields = { username: "nobody", password: "wrong" };
    expect(await refresh(service, refresh_token, fields)).toEqual(success(ALL_SCOPES));
  });

  test("lacks its token", async () => {
    const missing = refusal(400, "invalid_request", "Missing refresh token parameter.");
    for (const fields of [{}, { refresh_token: "" }]) {
      const all = { grant_type: "refresh_token", ...fields };
      expect(await ask(service, all)).toEqual(missing);
      expect(await ask(service, all, null)).toEqual(missing);
    }
  });
});

describe("the scope of a refresh", () => {
  test("is the original one when it is empty", async () => {
    const { refresh_token } = await logIn(service, { scope: "read write" });
    expect(await refresh(service, refresh_token, { scope: "" })).toEqual(success("read write"));
  });

  test("may be narrower for once, and is never wider", async () => {
    const first = await logIn(service, { scope: "read write" });
    const narrow = await refresh(service, first.refresh_token, { scope: "read" });
    expect(narrow).toEqual(success("read"));
    const again = await refresh(service, granted(narrow).refresh_token);
    expect(again).toEqual(success("read write"));
    const { refresh_token } = granted(again);
    expect(await refresh(service, refresh_token, { scope: ALL_SCOPES })).toEqual(INVALID_SCOPE);
    expect(await refresh(service, refresh_token)).toEqual(success("read write"));
  });

  test("may name the original scopes in another order", async () => {
    const { refresh_token } = await logIn(service, { scope: "read write" });
    const answer = await refresh(service, refresh_token, { scope: "write read write" });
    expect(answer).toEqual(success("write read"));
  });

  test("is never more than the client may have by now", async () => {
    const shrinkTo = (scope: string) => {
      return service.register({ clients: [{ client_id: "shrinking", scope }] });
    };
    const first = await logIn(service, {}, "shrinking:secret");
    await shrinkTo("read");
    const more = { scope: "read write" };
    const { refresh_token } = first;
    expect(await refresh(service, refresh_token, more, "shrinking:secret")).toEqual(INVALID_SCOPE);
    const second = await refresh(service, refresh_token, {}, "shrinking:secret");
    expect(second).toEqual(success("read"));
    await shrinkTo("introspection");
    const last = granted(second).refresh_token;
    expect(await refresh(service, last, {}, "shrinking:secret")).toEqual(INVALID_SCOPE);
    await shrinkTo("read write groups");
    expect(await refresh(service, last, {}, "shrinking:secret")).toEqual(
      success("read write groups"),
    );
  });
});

test("without a key to sign the new access token the refresh token is not consumed", async () => {
  await registerCheckers();
  const { refresh_token } = await logIn(service, {}, JWT_CLIENT);
  const keyless = createService({ SIGNING_KEYS: undefined });
  const errors = vi.spyOn(console, "error").mockImplementation(() => {});
  for (let count = 0; count < 2; count += 1) {
    expect(await refresh(keyless, refresh_token, {}, JWT_CLIENT)).toEqual(UNAVAILABLE);
  }
  errors.mockRestore();
  expect(await refresh(service, refresh_token, {}, JWT_CLIENT)).toMatchObject({ status: 200 });
});
