import { beforeAll, describe, expect, test } from "vitest";
import { INVALID_CLIENT, type WholeAnswer } from "../support/answers.ts";
import { derivationsOf } from "../support/derivations.ts";
import { createLimitedService } from "../support/limited.ts";
import { createService, registerDefaults } from "../support/service.ts";

const OWN = { grant_type: "client_credentials" };
const MANY = 50;

/** Far fewer than come at once. */
const SETTINGS = { HASHES_IN_FLIGHT_MAX: 4, CLIENT_FAILURES_FREE: 1000 };

beforeAll(() => registerDefaults(createService()));

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
