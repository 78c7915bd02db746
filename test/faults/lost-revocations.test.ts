import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { sha256, toHex } from "../../src/crypto/bytes.ts";
import { exchange, obtainCode, registerWebApps } from "../support/browsing.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";
import { familyOf, interceptFamilies } from "../support/families.ts";
import { granted, logIn, refresh } from "../support/requests.ts";
import { createService, registerDefaults, type Service } from "../support/service.ts";
import { watch } from "../support/watched.ts";

const sound = createService();

beforeAll(async () => {
  await registerDefaults(sound);
  await registerWebApps(sound);
});
stopClock();
const watched = watch();

/** A login whose family the next request ends, and the access token that it has then. */
interface Misused {
  readonly accessToken: string;
  misuse(service: Service): Promise<{ readonly status: number }>;
}

const MISUSES: Readonly<Record<string, () => Promise<Misused>>> = {
  async reuse() {
    const first = await logIn(sound);
    const second = granted(await refresh(sound, first.refresh_token));
    const third = granted(await refresh(sound, second.refresh_token));
    return {
      accessToken: third.access_token,
      misuse: (service) => refresh(service, first.refresh_token),
    };
  },
  async rolled_back() {
    const first = await logIn(sound);
    const family = await familyOf(first.refresh_token);
    const before = await runInDurableObject(family, (_, { storage }) => storage.kv.get("family"));
    const second = granted(await refresh(sound, first.refresh_token));
    await runInDurableObject(family, (_, { storage }) => storage.kv.put("family", before));
    return {
      accessToken: first.access_token,
      misuse: (service) => refresh(service, second.refresh_token),
    };
  },
  async code_reuse() {
    const code = await obtainCode(sound);
    const { body } = await exchange(sound, code);
    passSeconds(11);
    return {
      accessToken: String(body["access_token"]),
      misuse: (service) => exchange(service, code),
    };
  },
};

test.each(Object.entries(MISUSES))(
  "%s is recorded once, and its token leaves KV, when the object's response is lost",
  async (reason, prepare) => {
    const { accessToken, misuse } = await prepare();
    const key = toHex(await sha256(accessToken));
    await eventually(async () => (await env.ACCESS_TOKENS.get(key)) !== null);
    const calls: string[] = [];
    const lossy = createService(
      interceptFamilies(async ({ method }, proceed) => {
        calls.push(method);
        const response = await proceed();
        if (calls.length > 1) return response;
        throw Object.assign(new Error("Network connection lost"), { retryable: true });
      }),
    );
    const before = watched.audits().length;

    expect(await misuse(lossy)).toMatchObject({ status: 400 });

    const [method = ""] = calls;
    expect(calls).toEqual([method, method, "inspect"]);
    expect(watched.audits().slice(before)).toMatchObject([{ action: "family_revoked", reason }]);
    await eventually(async () => (await env.ACCESS_TOKENS.get(key)) === null);
  },
);
