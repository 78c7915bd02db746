import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { TokenVerifier } from "../../src/rpc/token-verifier.ts";
import { introspect, isStored, registerCheckers, revoke } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";
import { captureErrors } from "../support/faulty.ts";
import { type Intercept, interceptBindings } from "../support/interception.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { CLIENT, createService, registerDefaults, type Service } from "../support/service.ts";

/** Access tokens are written to KV after the response; see decision 15. */

beforeAll(async () => {
  const service = createService();
  await registerDefaults(service);
  await registerCheckers(service);
});
stopClock();
captureErrors();

const over = (intercept: Intercept) => createService(interceptBindings(intercept));

const TOKENS: Readonly<Record<string, (service: Service) => Promise<string>>> = {
  "a login": async (service) => (await logIn(service)).access_token,
  "a refresh": async (service) => {
    const { refresh_token } = await logIn(service);
    return granted(await refresh(service, refresh_token)).access_token;
  },
  "a client": async (service) => {
    return granted(await ask(service, { grant_type: "client_credentials" })).access_token;
  },
};

/** What an API learns by each kind of check, in an isolate of its own. */
async function checkAll(token: string, service: Service): Promise<unknown[]> {
  const verifier = new TokenVerifier(createExecutionContext(), service.env);
  const fast = await verifier.verify(token);
  const strict = await verifier.verify(token, { consistency: "strict" });
  const { body } = await introspect(service, token);
  return [fast.kind, strict.kind, (body as { active: boolean }).active];
}

const VALID = ["verified", "verified", true];

const PUTS: Readonly<Record<string, Intercept>> = {
  "has no end": (name, proceed) => (name === "kv.put" ? new Promise(() => {}) : proceed()),
  fails: (name, proceed) => (name === "kv.put" ? Promise.reject(new Error("down")) : proceed()),
};
const GETS: Readonly<Record<string, Intercept>> = {
  throws: (name, proceed) => (name === "kv.get" ? Promise.reject(new Error("down")) : proceed()),
  "finds nothing": async (name, proceed) => (name === "kv.get" ? null : proceed()),
};

describe.each(Object.entries(TOKENS))("a token of %s is valid everywhere", (_, issue) => {
  test.each(Object.entries(PUTS))("at once and later, while its put %s", async (__, put) => {
    const token = await issue(over(put));
    expect(await checkAll(token, createService())).toEqual(VALID);
    passSeconds(5);
    expect(await checkAll(token, createService())).toEqual(VALID);
  });

  test.each(Object.entries(GETS))("while a get %s", async (__, get) => {
    const token = await issue(createService());
    passSeconds(5);
    expect(await checkAll(token, over(get))).toEqual(VALID);
  });
});

/** Holds operations until the test lets them proceed. */
function holding(...names: readonly string[]) {
  const held: { name: string; release: () => void }[] = [];
  const service = over(async (name, proceed) => {
    if (names.includes(name)) await new Promise<void>((release) => held.push({ name, release }));
    return proceed();
  });
  const release = async (name: string) => {
    await eventually(() => held.some((one) => one.name === name));
    const at = held.findIndex((one) => one.name === name);
    held.splice(at, 1)[0]?.release();
  };
  return { service, release };
}

describe("a write that is late does not revive a token that was revoked before it ended", () => {
  /** Takes the place of the pause before the second delete. */
  const pauses: (() => void)[] = [];
  const ORDERS = [
    ["kv.put", "kv.delete"],
    ["kv.delete", "kv.put"],
  ] as const;

  test.each(Object.keys(TOKENS).flatMap((name) => ORDERS.map((order) => ({ name, order }))))(
    "$name: $order",
    async ({ name, order }) => {
      vi.spyOn(scheduler, "wait").mockImplementation((ms) => {
        expect(ms).toBe(10_000);
        return new Promise((resolve) => {
          pauses.push(resolve);
        });
      });
      const { service, release } = holding("kv.put", "kv.delete");
      const token = (await TOKENS[name]?.(service)) ?? "";
      expect(await revoke(service, token, CLIENT)).toMatchObject({ status: 200 });
      // The login before the refresh has written its own token.
      if (name === "a refresh") await release("kv.put");
      for (const operation of order) {
        await release(operation);
        if (operation === "kv.put") await eventually(() => isStored(token));
      }
      await eventually(() => pauses.length > 0);
      pauses.pop()?.();
      await release("kv.delete");
      await eventually(async () => !(await isStored(token)));
      passSeconds(5);
      const inactive = ["invalid_token", "invalid_token", false];
      expect(await checkAll(token, createService())).toEqual(inactive);
    },
  );
});
