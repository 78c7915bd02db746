import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { TokenVerifier } from "../../src/rpc/token-verifier.ts";
import { introspect, JWT_CLIENT, RESOURCE_SERVER, revoke } from "../support/checks.ts";
import { type Cost, createCountedService } from "../support/counting.ts";
import {
  FORGED_KINDS,
  isHeaderValue,
  makeSpecimens,
  type Specimens,
} from "../support/forged-tokens.ts";
import { everyCall, send } from "../support/managing.ts";
import { basic, granted, refresh } from "../support/requests.ts";
import { INVALID_GRANT, type WholeAnswer, whole } from "../support/responses.ts";
import { CLIENT } from "../support/service.ts";

const { service, costOf } = createCountedService({ MANAGEMENT_API: "on", RATE_LIMITS: "on" });
const verifier = new TokenVerifier(createExecutionContext(), service.env);
const CALLS = everyCall("1", "client");

let specimens: Specimens;

beforeAll(async () => {
  specimens = await makeSpecimens();
  // From now on each client's secret is in the cache and costs no PBKDF2.
  await refresh(service, "anything", {}, CLIENT);
  await refresh(service, "anything", {}, JWT_CLIENT);
  await introspect(service, "anything", RESOURCE_SERVER);
});

/** An interface that accepts a token, and its outcome for one that was never issued. */
interface Door {
  /** @returns what the caller sees */
  readonly present: (token: string) => Promise<unknown>;
  readonly rejected: unknown;
  readonly cost: Cost;
  /** Sends the token in a header, which cannot contain every text. */
  readonly isHeader?: true;
}

const statusOf = ({ status, body }: WholeAnswer) => ({ status, body });
const INACTIVE = { status: 200, body: { active: false } };
const BEARER_REJECTED = [401, 'Bearer error="invalid_token"'];

/** The one query that looks the calling client up. */
const CLIENT_ALONE = { "d1.batch": 1 };

const challenge = (answer: Response) => [answer.status, answer.headers.get("WWW-Authenticate")];

let turn = 0;

const DOORS: Readonly<Record<string, Door>> = {
  "refresh, confidential client": {
    present: (token) => refresh(service, token),
    rejected: INVALID_GRANT,
    cost: CLIENT_ALONE,
  },
  "refresh, public client": {
    present: (token) => refresh(service, token, { client_id: "public" }, null),
    rejected: INVALID_GRANT,
    cost: CLIENT_ALONE,
  },
  "refresh with an Idempotency-Key": {
    async present(refresh_token) {
      const headers = { ...basic(CLIENT), "Idempotency-Key": "one" };
      const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token });
      return whole(await service.fetch("/o/token/", { method: "POST", headers, body }));
    },
    rejected: INVALID_GRANT,
    cost: CLIENT_ALONE,
  },
  "introspection by POST": {
    present: async (token) => statusOf(await introspect(service, token)),
    rejected: INACTIVE,
    cost: CLIENT_ALONE,
  },
  "introspection by GET": {
    async present(token) {
      const path = `/o/introspect/?${new URLSearchParams({ token })}`;
      return statusOf(await whole(await service.fetch(path, { headers: basic(RESOURCE_SERVER) })));
    },
    rejected: INACTIVE,
    cost: CLIENT_ALONE,
  },
  "introspection, as the bearer token of the caller": {
    async present(token) {
      const path = `/o/introspect/?${new URLSearchParams({ token })}`;
      const headers = { Authorization: `Bearer ${token}` };
      return challenge(await service.fetch(path, { headers }));
    },
    rejected: BEARER_REJECTED,
    cost: {},
    isHeader: true,
  },
  revocation: {
    present: async (token) => statusOf(await revoke(service, token, CLIENT)),
    rejected: { status: 200, body: null },
    cost: CLIENT_ALONE,
  },
  "TokenVerifier, fast": {
    present: (token) => verifier.verify(token, { consistency: "fast", scope: "read" }),
    rejected: { kind: "invalid_token" },
    cost: {},
  },
  "TokenVerifier, strict": {
    present: (token) => verifier.verify(token, { consistency: "strict" }),
    rejected: { kind: "invalid_token" },
    cost: {},
  },
  "/admin/, each call in turn": {
    async present(token) {
      turn += 1;
      const call = CALLS[turn % CALLS.length] as (typeof CALLS)[number];
      return challenge(await send(call, token, service));
    },
    rejected: BEARER_REJECTED,
    cost: {},
    isHeader: true,
  },
};

/** Tokens of another type, which each interface must reject. */
const WRONG_TYPES: Readonly<Record<string, readonly string[]>> = {
  refresh: ["access", "own", "jwt"],
  introspection: ["refresh"],
  TokenVerifier: ["refresh"],
  "/admin/": ["refresh"],
};

describe.each(Object.entries(DOORS))("%s", (name, { present, rejected, cost, isHeader }) => {
  const expectRejected = async (token: string) => {
    const { answer, cost: counted } = await costOf(() => present(token));
    expect({ token, answer, counted }).toEqual({ token, answer: rejected, counted: cost });
  };

  test.each(Object.keys(FORGED_KINDS))("rejects without a storage operation: %s", async (kind) => {
    const forged = await FORGED_KINDS[kind]?.(specimens);
    const sent = forged?.filter((token) => isHeader !== true || isHeaderValue(token)) ?? [];
    expect(sent.length).toBeGreaterThan(2);
    for (const token of sent) await expectRejected(token);
  });

  const wrongTypes = WRONG_TYPES[name.split(/[ ,]/)[0] ?? ""] ?? [];
  test.each(wrongTypes)("rejects another type of token likewise: %s token", async (type) => {
    const { access, own, jwt, refresh: refreshToken } = specimens;
    const tokens: Record<string, string> = { access, own, jwt: jwt.token, refresh: refreshToken };
    await expectRejected(tokens[type] ?? "");
  });
});

test("after all of that every real token is still valid", async () => {
  const { access, own, jwt, another } = specimens;
  for (const token of [access, own, jwt.token, another.access]) {
    const { body } = await introspect(service, token);
    expect(body).toMatchObject({ active: true });
  }
  granted(await refresh(service, specimens.refresh));
  granted(await refresh(service, another.refresh));
});

describe("while tokens of another server are accepted", () => {
  const importing = createCountedService({ IMPORTED_TOKENS: "on" });
  const asking = new TokenVerifier(createExecutionContext(), importing.service.env);

  test("a token with our own prefix is still rejected without a storage operation", async () => {
    await refresh(importing.service, "anything");
    for (const [kind, make] of Object.entries(FORGED_KINDS)) {
      const forged = (await make(specimens)).filter((token) => /^tg[ar]_/.test(token));
      for (const token of forged.filter((_, index) => index % 5 === 0)) {
        const verified = await importing.costOf(() => asking.verify(token));
        expect({ kind, ...verified }).toMatchObject({
          answer: { kind: "invalid_token" },
          cost: {},
        });
        const revoked = await importing.costOf(() => revoke(importing.service, token, CLIENT));
        expect({ kind, token, cost: revoked.cost }).toEqual({ kind, token, cost: CLIENT_ALONE });
      }
    }
  });
});
