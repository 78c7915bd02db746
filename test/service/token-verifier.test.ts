import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Requirements, Verification } from "../../src/resource-server/verification.ts";
import { TokenVerifier } from "../../src/rpc/token-verifier.ts";
import {
  API,
  introspect,
  JWT_CLIENT,
  OTHER_API,
  registerCheckers,
  revoke,
  TOKENS,
} from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { createCountedService } from "../support/counting.ts";
import { eventually } from "../support/eventually.ts";
import { captureErrors } from "../support/faulty.ts";
import { failingBindings } from "../support/interception.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { CLIENT, createService, OWN, registerDefaults, type Service } from "../support/service.ts";

const service = createService();
const INVALID: Verification = { kind: "invalid_token" };
const STRICT: Requirements = { consistency: "strict" };
const VERIFIED = { kind: "verified" };

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
});

/** The entrypoint over other bindings than the Worker's own. */
function verifierOver({ env: bindings }: Service): TokenVerifier {
  return new TokenVerifier(createExecutionContext(), bindings);
}

async function own(credentials = CLIENT): Promise<string> {
  return granted(await ask(service, OWN, credentials)).access_token;
}

const FORMATS = [
  ["opaque", CLIENT, "client", null],
  ["JWT", JWT_CLIENT, "jwt", API],
] as const;
const CONSISTENCIES = ["fast", "strict"] as const;

describe.each(FORMATS)("a good token (%s)", (_, credentials, clientId, audience) => {
  describe.each(CONSISTENCIES)("asked about %s", (consistency) => {
    const verify = (token: string, options: Requirements = {}) => {
      return TOKENS.verify(token, { ...options, consistency });
    };

    test("says whose it is and what it may do", async () => {
      const { access_token } = await logIn(service, { scope: "read write" }, credentials);
      const { body } = await introspect(service, access_token);
      const { sub, exp } = body as { sub: string; exp: number };
      expect(await verify(access_token)).toEqual({
        kind: "verified",
        token: {
          clientId,
          subject: sub,
          scope: ["read", "write"],
          audience,
          claims: {},
          expiresAt: exp,
        },
      });
    });

    test("of a client for itself has no subject", async () => {
      const verification = await verify(await own(credentials));
      expect(verification).toMatchObject({ token: { clientId, subject: null } });
    });

    test("has every scope that is asked for, or else the response says which are", async () => {
      const { access_token } = await logIn(service, { scope: "read write" }, credentials);
      for (const scope of ["", "read", "write read", " read  write "]) {
        expect(await verify(access_token, { scope })).toMatchObject(VERIFIED);
      }
      for (const scope of ["groups", "read groups", "READ", "rea"]) {
        expect(await verify(access_token, { scope })).toEqual({
          kind: "insufficient_scope",
          scope,
          reason: `the token has the scope "read write", not "${scope}"`,
        });
      }
    });

    test("is for the audience that is asked for, or invalid", async () => {
      const token = await own(credentials);
      const expected = audience === null ? INVALID : VERIFIED;
      expect(await verify(token, { audience: API })).toMatchObject(expected);
      expect(await verify(token, { audience: OTHER_API })).toEqual({
        ...INVALID,
        reason: expect.stringContaining(audience ?? "the token has no audience"),
      });
      const foreign = { audience: OTHER_API, scope: "groups fly" };
      expect(await verify(token, foreign)).toMatchObject(INVALID);
    });
  });
});

describe.each(CONSISTENCIES)("%s,", (consistency) => {
  test.each(["", " ", "x", "tga_", "tgr_", "a.b.c", "Bearer x", "\0", "x".repeat(100_000)])(
    "an unknown token is invalid: %.20j",
    async (token) => {
      expect(await TOKENS.verify(token, { consistency })).toEqual(INVALID);
    },
  );

  test("a refresh token is invalid", async () => {
    const { refresh_token } = await logIn(service);
    expect(await TOKENS.verify(refresh_token, { consistency })).toEqual(INVALID);
  });

  test.each([{ token: undefined }, { token: null }, { token: 1 }, { token: {} }])(
    "what is no text is invalid: %j",
    async ({ token }) => {
      const invalid = token as unknown as string;
      expect(await TOKENS.verify(invalid, { consistency })).toEqual(INVALID);
    },
  );

  describe("by the clock", () => {
    stopClock();

    test.each(FORMATS)("an expired token (%s) is invalid to the second", async (_, credentials) => {
      vi.setSystemTime(Math.ceil(Date.now() / 1000) * 1000);
      const tokens = [(await logIn(service, {}, credentials)).access_token, await own(credentials)];
      passSeconds(3599);
      for (const token of tokens) {
        expect(await TOKENS.verify(token, { consistency })).toMatchObject(VERIFIED);
      }
      passSeconds(1);
      for (const token of tokens) {
        expect(await TOKENS.verify(token, { consistency })).toEqual(INVALID);
      }
    });
  });
});

/** How a token comes to an end before it expires; each makes one and ends it. */
const ENDS: Readonly<Record<string, (credentials: string) => Promise<string>>> = {
  revoked: async (credentials) => {
    const { access_token } = await logIn(service, {}, credentials);
    await revoke(service, access_token, credentials);
    return access_token;
  },
  "a client's own and revoked": async (credentials) => {
    const token = await own(credentials);
    await revoke(service, token, credentials);
    return token;
  },
  "rotated away": async (credentials) => {
    const { access_token, refresh_token } = await logIn(service, {}, credentials);
    granted(await refresh(service, refresh_token, {}, credentials));
    return access_token;
  },
  "of a deactivated user": async (credentials) => {
    const user = { username: crypto.randomUUID(), password: "rear admiral" };
    await service.register({ users: [user] });
    const { access_token } = await logIn(service, user, credentials);
    await service.register({ users: [{ ...user, is_active: false }] });
    return access_token;
  },
};

describe.each(FORMATS)("a token (%s) that is ended", (format, credentials) => {
  stopClock();

  test.each(Object.entries(ENDS))("is invalid at once to who asks strictly: %s", async (_, end) => {
    expect(await TOKENS.verify(await end(credentials), STRICT)).toEqual(INVALID);
  });

  /** What `Requirements.consistency` says that `fast` may miss, as far as one location can show. */
  test.each(Object.entries(ENDS))(
    "passes to who asks fast only as stated: %s",
    async (how, end) => {
      const isForgotten = format === "opaque" && how.endsWith("revoked");
      const expected = isForgotten ? "invalid_token" : "verified";
      const token = await end(credentials);
      // Before, it is checked strictly.
      passSeconds(5);
      await eventually(async () => (await TOKENS.verify(token, {})).kind === expected);
    },
  );
});

describe("asking costs", () => {
  stopClock();

  const { service: counted, costOf } = createCountedService();
  const verifier = verifierOver(counted);

  test("nothing for a forged token", async () => {
    const { access_token } = await logIn(service);
    for (const consistency of CONSISTENCIES) {
      const forged = `${access_token.slice(0, -1)}${access_token.endsWith("A") ? "B" : "A"}`;
      const { answer, cost } = await costOf(() => verifier.verify(forged, { consistency }));
      expect({ answer, cost }).toEqual({ answer: INVALID, cost: {} });
    }
  });
});

describe("when something fails, the result is unknown, and it never throws:", () => {
  const logged = captureErrors();

  test.each<[string, Requirements]>([
    ["d1.batch", {}],
    ["d1.batch", STRICT],
    ["family.inspect", {}],
    ["family.inspect", STRICT],
  ])("%s %j", async (broken, options) => {
    const token = (await logIn(service)).access_token;
    const verifier = verifierOver(createService(failingBindings(broken)));
    expect(await verifier.verify(token, options)).toEqual({ kind: "unavailable" });
    expect(logged.length).toBeGreaterThan(0);
    expect(await TOKENS.verify(token, options)).toMatchObject(VERIFIED);
  });

  test("an invalid setting", async () => {
    const verifier = verifierOver({ ...service, env: { ...env, SCOPES: "" } as unknown as Env });
    expect(await verifier.verify("x")).toEqual({ kind: "unavailable" });
  });

  test("options that are none", async () => {
    const verification = await TOKENS.verify(await own(), null as unknown as Requirements);
    expect(verification).toMatchObject({ kind: "unavailable" });
  });

  test.each<[object, string]>([
    [{ scope: "read", consistency: "Strict" }, 'consistency must be "fast" or "strict"'],
    [{ scopes: "read" }, 'unknown requirement "scopes"; known: consistency, scope, audience'],
  ])("options that are unknown, which the answer names: %j", async (options, problem) => {
    const verification = await TOKENS.verify(await own(), options as Requirements);
    expect(verification).toEqual({ kind: "unavailable", problem });
  });
});
