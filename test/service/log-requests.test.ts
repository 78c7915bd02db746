import { beforeAll, describe, expect, test } from "vitest";
import { ask, logIn, refresh } from "../support/requests.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";
import { WATCHING, watch } from "../support/watched.ts";

beforeAll(() => registerDefaults(createService()));
const watched = watch();

describe("LOG_REQUESTS", () => {
  test("failures: a request that succeeds writes nothing, and one that fails its line", async () => {
    const service = createService({ LOG_REQUESTS: "failures" });
    await ask(service, LOGIN);
    expect(watched.console).toEqual([]);
    await ask(service, { ...LOGIN, password: "wrong" });
    await service.fetch("/nowhere");
    const reasons = watched.requests().map(({ status, reason }) => [status, reason]);
    expect(reasons).toEqual([
      [400, "password_wrong"],
      [404, "unknown_path"],
    ]);
  });

  test("failures: audit events are written as ever, and data points for every request", async () => {
    const windowSeconds = { REFRESH_RETRY_WINDOW_SECONDS: 0 };
    const service = createService({ ...WATCHING, ...windowSeconds, LOG_REQUESTS: "failures" });
    const { refresh_token } = await logIn(service);
    await refresh(service, refresh_token);
    await refresh(service, refresh_token);
    expect(watched.audits().map(({ action }) => action)).toEqual(["family_revoked"]);
    expect(watched.requests().map(({ status }) => status)).toEqual([400]);
    expect(watched.points).toHaveLength(3);
  });

  test.each(["all", undefined, "sometimes"])("%s: each request writes a line", async (setting) => {
    await createService({ LOG_REQUESTS: setting }).fetch("/healthz");
    expect(watched.requests()).toHaveLength(1);
  });
});
