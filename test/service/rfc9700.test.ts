import { beforeAll, describe, expect, test } from "vitest";
import { introspect, registerCheckers } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_GRANT, SUCCESS, success } from "../support/responses.ts";
import { createService, registerDefaults } from "../support/service.ts";

const service = createService();
const INACTIVE = { body: { active: false } };
const ACTIVE = { body: { active: true } };

/** Past the window in which a repeated token may be a lost response. */
const LATER_SECONDS = 11;

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
});
stopClock();

/** Either kind of client: a public one has nothing else to hold a thief up. */
const CLIENTS: [string, Record<string, string>, string | null][] = [
  ["a confidential client", {}, "client:secret"],
  ["a public client", { client_id: "public" }, null],
];

describe.each(CLIENTS)("the refresh token of %s", (_, fields, credentials) => {
  const begin = () => logIn(service, fields, credentials);
  const renew = (token: string) => refresh(service, token, fields, credentials);

  test("§4.14.2 is another one after each use", async () => {
    const tokens = new Set<string>();
    let { refresh_token } = await begin();
    for (let use = 0; use < 5; use += 1) {
      tokens.add(refresh_token);
      refresh_token = granted(await renew(refresh_token)).refresh_token;
    }
    tokens.add(refresh_token);
    expect(tokens.size).toBe(6);
  });

  test("§4.14.2 used by thief and owner, in either order, gives the second nothing and ends the session", async () => {
    const stolen = await begin();
    const first = granted(await renew(stolen.refresh_token));
    expect(await introspect(service, first.access_token)).toMatchObject(ACTIVE);
    passSeconds(LATER_SECONDS);
    expect(await renew(stolen.refresh_token)).toEqual(INVALID_GRANT);
    expect(await renew(first.refresh_token)).toEqual(INVALID_GRANT);
    expect(await introspect(service, first.access_token)).toMatchObject(INACTIVE);
  });

  test("§4.14.2 of long ago ends the session too, however many came after it", async () => {
    const stolen = await begin();
    let { refresh_token } = stolen;
    for (let use = 0; use < 10; use += 1) {
      refresh_token = granted(await renew(refresh_token)).refresh_token;
    }
    expect(await renew(stolen.refresh_token)).toEqual(INVALID_GRANT);
    expect(await renew(refresh_token)).toEqual(INVALID_GRANT);
  });

  test("§4.14.2 that comes twice at once succeeds once, and the session goes on", async () => {
    const { refresh_token } = await begin();
    const answers = await Promise.all(Array.from({ length: 8 }, () => renew(refresh_token)));
    const successes = answers.filter(({ status }) => status === 200);
    expect(successes).toEqual([SUCCESS]);
    expect(answers.filter(({ status }) => status !== 200)).toEqual(Array(7).fill(INVALID_GRANT));
    const [winner] = successes.map(granted);
    expect(await renew(winner?.refresh_token ?? "")).toEqual(SUCCESS);
  });

  test("§4.14.2 ends its own session and no other of the user", async () => {
    const [stolen, other] = [await begin(), await begin()];
    granted(await renew(stolen.refresh_token));
    passSeconds(LATER_SECONDS);
    expect(await renew(stolen.refresh_token)).toEqual(INVALID_GRANT);
    expect(await renew(other.refresh_token)).toEqual(SUCCESS);
  });
});

test("§4.14.2 a refresh token is bound to its client", async () => {
  const { refresh_token } = await logIn(service);
  expect(await refresh(service, refresh_token, {}, "other:secret")).toEqual(INVALID_GRANT);
  expect(await refresh(service, refresh_token, { client_id: "public" }, null)).toEqual(
    INVALID_GRANT,
  );
  expect(await refresh(service, refresh_token)).toEqual(SUCCESS);
});

test("§4.14.2 a refresh token is bound to the scope that the user granted", async () => {
  const { refresh_token } = await logIn(service, { scope: "read" });
  expect(await refresh(service, refresh_token, { scope: "read write" })).toMatchObject({
    body: { error: "invalid_scope" },
  });
  expect(await refresh(service, refresh_token)).toEqual(success("read"));
});
