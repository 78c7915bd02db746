import { beforeAll, describe, expect, test } from "vitest";
import { derivationsOf } from "../support/derivations.ts";
import { interceptBindings } from "../support/interception.ts";
import { createLimitedService } from "../support/limited.ts";
import { ask, granted } from "../support/requests.ts";
import { INVALID_CLIENT, type WholeAnswer } from "../support/responses.ts";
import { createService, OWN, registerDefaults } from "../support/service.ts";

const MANY = 50;

/** Far fewer than come at once. */
const SETTINGS = { HASHES_IN_FLIGHT_MAX: 4, CLIENT_FAILURES_FREE: 1000 };

beforeAll(() => registerDefaults(createService()));

describe("the first request of a client in an isolate", () => {
  test("waits for D1 and the failure counter at once", async () => {
    const { promise: isAdmitting, resolve: admits } = Promise.withResolvers<void>();
    const bindings = interceptBindings(async (operation, proceed) => {
      if (operation === "failures.admit") admits();
      if (operation === "d1.batch") await isAdmitting;
      return proceed();
    });
    granted(await ask(createService({ ...bindings, RATE_LIMITS: "on" }), OWN));
  });

  test("leaves no attempt behind when D1 fails", async () => {
    let isDown = true;
    const bindings = interceptBindings((operation, proceed) => {
      if (isDown && operation === "d1.batch") throw new Error("down");
      return proceed();
    });
    const limits = { RATE_LIMITS: "on", CLIENT_FAILURES_FREE: 1 };
    const { ask } = createLimitedService({ ...bindings, ...limits });
    for (const credentials of ["client:secret", "client:wrong"]) {
      expect(await ask(OWN, { credentials })).toMatchObject({ status: 503 });
    }
    isDown = false;
    expect(await ask(OWN)).toMatchObject({ status: 200 });
  });
});

async function askAtOnce(credentials: string) {
  const { ask } = createLimitedService(SETTINGS);
  let answers: WholeAnswer[] = [];
  const derivations = await derivationsOf(async () => {
    const asked = Array.from({ length: MANY }, () => ask(OWN, { credentials }));
    answers = await Promise.all(asked);
  });
  return { answers, derivations, ask };
}

describe("a secret that many requests bring to a new isolate at once", () => {
  test("is checked for the first of them, and all succeed", async () => {
    const { answers, derivations } = await askAtOnce("client:secret");
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(derivations).toHaveLength(1);
  });

  test.each(["client:wrong", "nobody:wrong"])(
    "is rejected as before, such as %s",
    async (wrong) => {
      const { answers, ask } = await askAtOnce(wrong);
      expect(answers).toContainEqual(INVALID_CLIENT);
      for (const { status } of answers) expect([401, 429, 503]).toContain(status);
      expect(await ask(OWN)).toMatchObject({ status: 200 });
    },
  );
});
