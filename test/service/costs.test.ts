import {
  createExecutionContext,
  listDurableObjectIds,
  runDurableObjectAlarm,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import page from "../../docs/performance.md?raw";
import { TokenVerifier } from "../../src/rpc/token-verifier.ts";
import {
  CALLBACK,
  exchange,
  newBrowser,
  obtainCode,
  registerWebApps,
  type TestBrowser,
} from "../support/browsing.ts";
import { introspect, JWT_CLIENT, registerCheckers, revoke } from "../support/checks.ts";
import { passSeconds, skipWaits, stopClock } from "../support/clock.ts";
import {
  dollarsOf,
  NOTES_PER_REFRESH,
  REQUESTS,
  type RequestKind,
  type RequestName,
} from "../support/costs.ts";
import { createMeteredService, type MeteredService } from "../support/metering.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { CLIENT, LOGIN, OWN, registerDefaults } from "../support/service.ts";

const DAY_SECONDS = 86_400;

const JWT_WEB = {
  client_id: "jwt-web",
  client_secret: "secret",
  grant_types: ["authorization_code", "refresh_token"],
  redirect_uris: [CALLBACK],
  access_token_format: "jwt",
  audience: ["https://api.example.com"],
};

stopClock();
skipWaits();

let metered: MeteredService;
let opaque: Awaited<ReturnType<typeof logIn>>;
let jwt: Awaited<ReturnType<typeof logIn>>;
let browser: TestBrowser;

beforeAll(async () => {
  metered = await createMeteredService({ RATE_LIMITS: "on" });
  const { service } = metered;
  await registerDefaults(service);
  await registerCheckers(service);
  await registerWebApps(service);
  await service.register({ clients: [JWT_WEB] });
  // So that the secrets of the clients and the origins of the user are known.
  opaque = await logIn(service);
  jwt = await logIn(service, {}, JWT_CLIENT);
  await introspect(service, "x");
  browser = newBrowser(service);
  await browser.allow(await browser.signIn(await browser.authorize()));
  for (const client_id of ["web", "jwt-web"]) {
    await exchange(service, await obtainCode(service, { client_id }), {}, `${client_id}:secret`);
  }
});

const own = async (credentials: string) =>
  granted(await ask(metered.service, OWN, credentials)).access_token;
const forge = (token: string) => `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
const verify = async (token: string, consistency: "fast" | "strict" = "fast") => {
  const { env: bindings } = metered.service;
  const { kind } = await new TokenVerifier(createExecutionContext(), bindings).verify(token, {
    consistency,
  });
  return { status: kind === "verified" ? 200 : 401 };
};

type Request = () => Promise<{ status: number }>;

/** Makes ready for one request of a kind, and says how it is made and answered. */
const REQUESTED: Record<RequestName, () => Promise<Request>> = {
  "login by password": async () => () => ask(metered.service, LOGIN),
  "login by password, JWT": async () => () => ask(metered.service, LOGIN, JWT_CLIENT),
  refresh: async () => () => refresh(metered.service, opaque.refresh_token),
  "refresh, JWT": async () => () => refresh(metered.service, jwt.refresh_token, {}, JWT_CLIENT),
  "authorization, signed in and consented": async () => () => browser.authorize(),
  "code exchange": async () => {
    const code = await obtainCode(metered.service);
    return () => exchange(metered.service, code);
  },
  "code exchange, JWT": async () => {
    const code = await obtainCode(metered.service, { client_id: "jwt-web" });
    return () => exchange(metered.service, code, {}, "jwt-web:secret");
  },
  "client credentials": async () => () => ask(metered.service, OWN),
  "client credentials, JWT": async () => () => ask(metered.service, OWN, JWT_CLIENT),
  "introspection, login's token": async () => {
    const { access_token } = await logIn(metered.service);
    return () => introspect(metered.service, access_token);
  },
  "introspection, login's JWT": async () => {
    const { access_token } = await logIn(metered.service, {}, JWT_CLIENT);
    return () => introspect(metered.service, access_token);
  },
  "introspection, client's token": async () => {
    const token = await own(CLIENT);
    return () => introspect(metered.service, token);
  },
  "introspection, client's JWT": async () => {
    const token = await own(JWT_CLIENT);
    return () => introspect(metered.service, token);
  },
  "RPC `verify`, opaque token": async () => {
    const token = await own(CLIENT);
    passSeconds(5);
    return () => verify(token);
  },
  "RPC `verify`, younger than 5 s": async () => {
    const { access_token } = await logIn(metered.service);
    return () => verify(access_token);
  },
  "RPC `verify`, JWT": async () => {
    const token = await own(JWT_CLIENT);
    return () => verify(token);
  },
  "RPC `verify`, strict": async () => {
    const { access_token } = await logIn(metered.service);
    return () => verify(access_token, "strict");
  },
  "RPC `verify`, strict, JWT": async () => {
    const { access_token } = await logIn(metered.service, {}, JWT_CLIENT);
    return () => verify(access_token, "strict");
  },
  "revocation, refresh token": async () => {
    const { refresh_token } = await logIn(metered.service);
    return () => revoke(metered.service, refresh_token, CLIENT);
  },
  "revocation, client's token": async () => {
    const token = await own(CLIENT);
    return () => revoke(metered.service, token, CLIENT);
  },
  "forged refresh token": async () => () => refresh(metered.service, forge(opaque.refresh_token)),
  "forged code": async () => {
    const code = await obtainCode(metered.service);
    return () => exchange(metered.service, forge(code));
  },
  "introspection, forged token": async () => () =>
    introspect(metered.service, forge(opaque.access_token)),
  "RPC `verify`, forged token": async () => () => verify(forge(opaque.access_token)),
  "`GET /healthz`": async () => () => metered.service.fetch("/healthz"),
};

const STATUS: Partial<Record<RequestName, number>> = {
  "authorization, signed in and consented": 302,
  "forged refresh token": 400,
  "forged code": 400,
  "RPC `verify`, forged token": 401,
};

describe("a request makes storage do what the tables say:", () => {
  test.each(Object.keys(REQUESTS) as RequestName[])("%s", async (name) => {
    const { path, deferred, objectRows, d1Rows }: RequestKind = REQUESTS[name];
    const request = await REQUESTED[name]();
    const { answer, ...did } = await metered.meter(request);
    expect(answer).toMatchObject({ status: STATUS[name] ?? 200 });
    expect(did).toEqual({ path, deferred, objectRows, d1Rows });
  });
});

describe("months later", () => {
  const IDLE_SECONDS = 32 * DAY_SECONDS;

  async function sessionCount(): Promise<number | null> {
    return env.DB.prepare("SELECT count(*) AS count FROM sessions").first<number>("count");
  }

  test("the alarm of a login's family costs what the table says", async () => {
    const { cleanUp } = REQUESTS["login by password"];
    const before = new Set((await listDurableObjectIds(env.REFRESH_FAMILIES)).map(String));
    await logIn(metered.service);
    const ids = await listDurableObjectIds(env.REFRESH_FAMILIES);
    const [id] = ids.filter((one) => !before.has(String(one)));
    if (id === undefined) throw new Error("no family began");
    passSeconds(IDLE_SECONDS);
    const family = env.REFRESH_FAMILIES.get(id);
    const { answer, objectRows } = await metered.meter(() => runDurableObjectAlarm(family));
    expect({ answer, objectRows }).toEqual({ answer: true, objectRows: cleanUp.objectRows });
    expect(await runDurableObjectAlarm(family)).toBe(false);
  });

  test("the next login takes the row of the last one over, and so writes one row", async () => {
    passSeconds(2 * IDLE_SECONDS);
    await metered.meter(() => ask(metered.service, LOGIN));
    expect(await sessionCount()).toBe(1);
    passSeconds(IDLE_SECONDS);
    const { d1Rows } = await metered.meter(() => ask(metered.service, LOGIN));
    expect({ d1Rows, sessions: await sessionCount() }).toEqual({ d1Rows: 1, sessions: 1 });
  });
});

test("a refresh that is noted, the first after a day, writes one row of D1", async () => {
  const { refresh_token } = await logIn(metered.service);
  passSeconds(DAY_SECONDS);
  const { d1Rows } = await metered.meter(() => refresh(metered.service, refresh_token));
  expect(d1Rows).toBe(NOTES_PER_REFRESH * 24);
});

describe("docs/performance.md", () => {
  const cents = (dollars: number) => dollars.toFixed(2);

  test("has the dollars of every kind as they are counted", () => {
    const expected = (Object.keys(REQUESTS) as RequestName[]).map((name) => {
      const { worker, cpu, kv, objects, d1, logs, now, cleanUp } = dollarsOf(name);
      const all = [worker, cpu, kv, objects, d1, logs, now, cleanUp, now + cleanUp];
      return `| ${name} | ${all.map(cents).join(" | ")} |`;
    });
    expect(page.match(/^\| [^|]+ \| 0\.30 \|.*$/gm)).toEqual(expected);
  });
});
