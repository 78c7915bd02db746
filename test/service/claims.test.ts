import { beforeAll, describe, expect, test } from "vitest";
import { RESERVED_CLAIMS } from "../../src/protocol/claims.ts";
import type { Verification } from "../../src/resource-server/verification.ts";
import { introspect, isStored, registerCheckers, TOKENS } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";
import { readJws } from "../support/jws.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { createService, LOGIN, OWN, registerDefaults } from "../support/service.ts";

const service = createService();
const API = "https://api.example.com";

const CLIENT_CLAIMS = { tenant: "acme", tier: 1, features: ["a", "b"] };
const USER_CLAIMS = { roles: ["admin", "ops"], tier: 2, address: { city: "Zürich" }, off: null };
const BOTH = { ...CLIENT_CLAIMS, ...USER_CLAIMS };

const GRACE = { username: "grace", password: "rear admiral" };

function client(clientId: string, format: object, claims: object = CLIENT_CLAIMS): object {
  const grant_types = ["password", "refresh_token", "client_credentials"];
  return { client_id: clientId, client_secret: "secret", grant_types, claims, ...format };
}

const FORMATS: [string, object][] = [
  ["opaque", {}],
  ["jwt", { access_token_format: "jwt", audience: [API] }],
];

stopClock();
beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
  await service.register({
    clients: FORMATS.map(([name, format]) => client(`claims-${name}`, format)),
    users: [{ ...GRACE, claims: USER_CLAIMS }],
  });
});

/** What remains when the names that the service itself uses are left out. */
function stated(all: object): Record<string, unknown> {
  const own = Object.entries(all).filter(([name]) => !RESERVED_CLAIMS.has(name));
  return Object.fromEntries(own);
}

function claimsOf(verification: Verification): unknown {
  return verification.kind === "verified" ? verification.token.claims : verification;
}

/** The claims of a token, the same for every kind of caller. */
async function told(token: string): Promise<Record<string, unknown>> {
  const { body } = await introspect(service, token);
  const fast = await TOKENS.verify(token, {});
  const strict = await TOKENS.verify(token, { consistency: "strict" });
  return {
    introspection: stated(body as object),
    fast: claimsOf(fast),
    strict: claimsOf(strict),
    ...(token.startsWith("tga_") ? {} : { jwt: stated(readJws(token).payload) }),
  };
}

const everywhere = (token: string, claims: object) => {
  const same = { introspection: claims, fast: claims, strict: claims };
  return token.startsWith("tga_") ? same : { ...same, jwt: claims };
};

describe.each(FORMATS)("what the operator says is in each token (%s):", (name, format) => {
  const credentials = `claims-${name}:secret`;
  const own = async () => granted(await ask(service, OWN, credentials)).access_token;

  test("of the client, in the client's own", async () => {
    const token = await own();
    expect(await told(token)).toEqual(everywhere(token, CLIENT_CLAIMS));
  });

  test("of client and user, in a user's, and the user's wins", async () => {
    const { access_token } = await logIn(service, GRACE, credentials);
    expect(await told(access_token)).toEqual(everywhere(access_token, BOTH));
  });

  test("of client and user, after a refresh too", async () => {
    const { refresh_token } = await logIn(service, GRACE, credentials);
    const { access_token } = granted(await refresh(service, refresh_token, {}, credentials));
    expect(await told(access_token)).toEqual(everywhere(access_token, BOTH));
  });

  test("no claims of a user without any", async () => {
    const { access_token } = await logIn(service, {}, credentials);
    expect(await told(access_token)).toEqual(everywhere(access_token, CLIENT_CLAIMS));
  });

  test("as it was, where the token or KV says it, and as it is, where D1 is asked", async () => {
    const clientId = `changing-${name}`;
    const before = { tenant: "before" };
    const after = { tenant: "after" };
    await service.register({ clients: [client(clientId, format, before)] });
    const own = granted(await ask(service, OWN, `${clientId}:secret`)).access_token;
    await service.register({ clients: [client(clientId, format, after)] });
    if (name === "opaque") await eventually(() => isStored(own));
    // A younger token is checked in D1 even by fast checks.
    passSeconds(6);
    expect(await told(own)).toEqual({
      ...everywhere(own, before),
      introspection: after,
      strict: after,
    });
    const next = granted(await ask(service, OWN, `${clientId}:secret`)).access_token;
    expect(await told(next)).toEqual(everywhere(next, after));
  });
});

test("a client of which nothing is said has nothing in its tokens", async () => {
  const { access_token } = await logIn(service);
  expect(await told(access_token)).toEqual(everywhere(access_token, {}));
});

test("a request can add nothing", async () => {
  const fields = { ...LOGIN, roles: "admin", claims: '{"roles":["admin"]}', tenant: "evil" };
  const { access_token } = granted(await ask(service, fields));
  expect(await told(access_token)).toEqual(everywhere(access_token, {}));
});

describe("apply rejects claims", () => {
  const NAMES = ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope"];

  test.each([...NAMES, "active", "token_type", "username"])(
    "that tokens and introspection use themselves: %s",
    async (name) => {
      const claims = { [name]: "x" };
      const file = [
        { clients: [{ client_id: "odd", client_secret: "s", claims }] },
        { users: [{ username: "odd", claims }] },
      ];
      for (const entry of file) {
        const refused = service.register(entry);
        await expect(refused).rejects.toThrow(/\[0\]\.claims: has a name that tokens use/);
      }
    },
  );

  test("of more than 2048 bytes, counted in UTF-8", async () => {
    const users = (text: string) => [{ username: "odd", claims: { text } }];
    const frame = '{"text":""}'.length;
    await service.register({ users: users("x".repeat(2048 - frame)) });
    for (const text of ["x".repeat(2049 - frame), "é".repeat(1025 - Math.floor(frame / 2))]) {
      const refused = service.register({ users: users(text) });
      await expect(refused).rejects.toThrow("users[0].claims: is longer than 2048 bytes");
    }
  });

  test.each([[["a"]], ["text"], [1]])("that are no object: %j", async (claims) => {
    const refused = service.register({ users: [{ username: "odd", claims }] });
    await expect(refused).rejects.toThrow("users[0].claims");
  });
});

test("the longest claims of both still make a JWT that every verifier accepts", async () => {
  const [, [, format]] = FORMATS as [unknown, [string, object]];
  const long = (name: string) => ({ [name]: "é".repeat((2048 - name.length - 7) / 2) });
  await service.register({
    clients: [client("long", format, long("client"))],
    users: [{ ...GRACE, username: "long", claims: long("user") }],
  });
  const { access_token } = await logIn(service, { ...GRACE, username: "long" }, "long:secret");
  const claims = { ...long("client"), ...long("user") };
  expect(await told(access_token)).toEqual(everywhere(access_token, claims));
});
