import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import type { AuditLine } from "../../src/telemetry/audit-event.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { familyOf } from "../support/families.ts";
import { basic, granted, logIn, post } from "../support/requests.ts";
import { CLIENT, createService, registerDefaults, type Service } from "../support/service.ts";
import { watch } from "../support/watched.ts";

const HOME = "198.51.100.7";
const ELSEWHERE = "203.0.113.9";

const reject = createService();
const lenient = createService({ REFRESH_RETRY: "same-successor" });

beforeAll(() => registerDefaults(reject));
stopClock();
const watched = watch();

type Headers = Readonly<Record<string, string>>;

function refreshFrom(service: Service, token: string, address: string | null, more: Headers = {}) {
  const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: token });
  const from: Headers = address === null ? {} : { "CF-Connecting-IP": address };
  return post(service, form, { ...basic(CLIENT), ...from, ...more });
}

/** Refreshes from one address, and again with the same token from another. @returns the event */
async function replay(
  service: Service,
  first: string | null,
  second: string | null,
  { seconds = 1, headers = [{}, {}] as [Headers, Headers] } = {},
): Promise<AuditLine | undefined> {
  const { refresh_token } = await logIn(service);
  granted(await refreshFrom(service, refresh_token, first, headers[0]));
  expect(watched.audits()).toEqual([]);
  passSeconds(seconds);
  await refreshFrom(service, refresh_token, second, headers[1]);
  const events = watched.audits();
  expect(events).toHaveLength(1);
  const family_id = (await familyOf(refresh_token)).id.toString();
  expect(events[0]).toMatchObject({ client_id: "client", family_id });
  return events[0];
}

describe("a refresh token that is used again is an event, and says where it came from", () => {
  const RACED = { action: "refresh_token_replayed", reason: "raced" };
  const REPEATED = { action: "refresh_token_replayed", reason: "repeated" };
  const REUSED = { action: "family_revoked", reason: "reuse" };

  test.each([
    ["raced from the same address", reject, HOME, HOME, 1, { ...RACED, same_origin: true }],
    ["raced from another", reject, HOME, ELSEWHERE, 1, { ...RACED, same_origin: false }],
    ["raced from the same /64", reject, "2001:db8::1", "2001:db8::2", 1, { same_origin: true }],
    ["repeated from the same", lenient, HOME, HOME, 1, { ...REPEATED, same_origin: true }],
    ["repeated from another", lenient, HOME, ELSEWHERE, 1, { ...REPEATED, same_origin: false }],
    ["reused from the same", reject, HOME, HOME, 60, { ...REUSED, same_origin: true }],
    ["reused from another", lenient, HOME, ELSEWHERE, 60, { ...REUSED, same_origin: false }],
  ])("%s", async (_, service, first, second, seconds, expected) => {
    expect(await replay(service, first, second, { seconds })).toMatchObject(expected);
  });

  test("repeated with an Idempotency-Key", async () => {
    const headers = { "Idempotency-Key": "one" };
    const event = await replay(reject, HOME, ELSEWHERE, { headers: [headers, headers] });
    expect(event).toMatchObject({ ...REPEATED, same_origin: false });
  });

  test.each([
    ["before", null, HOME],
    ["now", HOME, null],
  ])("unless the address is not known %s", async (_, first, second) => {
    const event = await replay(reject, first, second);
    expect(event).toMatchObject(RACED);
    expect(event).not.toHaveProperty("same_origin");
  });

  test("by the address of the user whom the client serves", async () => {
    const served = (address: string) => ({ "Tollgate-Forwarded-For": address });
    const headers: [Headers, Headers] = [served("192.0.2.1"), served("192.0.2.2")];
    const event = await replay(reject, HOME, HOME, { headers });
    expect(event).toMatchObject({ ...RACED, same_origin: false });
  });

  test("and no address is stored", async () => {
    const { refresh_token } = await logIn(reject);
    granted(await refreshFrom(reject, refresh_token, HOME));
    const stored = await runInDurableObject(await familyOf(refresh_token), (_, { storage }) => {
      return JSON.stringify([...storage.kv.list()]);
    });
    expect(stored).toMatch(/"origin":"[0-9a-f]{16}"/);
    expect(stored).not.toContain(HOME);
  });

  test("of a family of before origins were kept, without the origin", async () => {
    const { refresh_token } = await logIn(reject);
    granted(await refreshFrom(reject, refresh_token, HOME));
    await runInDurableObject(await familyOf(refresh_token), (_, { storage }) => {
      const row = storage.kv.get<{ state: { origin?: string } }>("family");
      if (row !== undefined) delete row.state.origin;
      storage.kv.put("family", row);
    });
    await refreshFrom(reject, refresh_token, HOME);
    expect(watched.audits()).toMatchObject([RACED]);
    expect(watched.audits()[0]).not.toHaveProperty("same_origin");
  });
});
