import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { sha256, toHex } from "../../src/crypto/bytes.ts";
import { type Dump, dumpStorage, leaksIn } from "../support/at-rest.ts";
import { interceptBindings } from "../support/interception.ts";
import { ask, granted, refresh } from "../support/requests.ts";
import { createService, type TokenAnswer } from "../support/service.ts";

const PASSWORD = "Xk29-pass-word-of-Ada-77";
const SECRET = "Zq31-secret-of-client-55";
const PEPPERED_PASSWORD = "Wm48-pass-word-of-Bob-33";
const PEPPER = "c3".repeat(32);
const CREDENTIALS = `client:${SECRET}`;
const ADA = { grant_type: "password", username: "ada", password: PASSWORD };
const HOUR_SECONDS = 3600;

const puts: (readonly unknown[])[] = [];
const bindings = interceptBindings((operation, proceed, args) => {
  if (operation === "kv.put") puts.push(args);
  return proceed();
});
const service = createService(bindings);
const peppered = createService({ PASSWORD_PEPPER: PEPPER });

const issued: TokenAnswer[] = [];
let dump: Dump;
let startedAtSeconds: number;

/** Keeps what a request was given. */
async function collect(answer: ReturnType<typeof ask>): Promise<TokenAnswer> {
  const tokens = granted(await answer);
  issued.push(tokens);
  return tokens;
}

beforeAll(async () => {
  await service.register({
    clients: [
      {
        client_id: "client",
        client_secret: SECRET,
        grant_types: ["password", "refresh_token", "client_credentials"],
      },
      { client_id: "public", token_endpoint_auth_method: "none" },
    ],
    users: [{ username: "ada", password: PASSWORD }],
  });
  await peppered.register({ users: [{ username: "bob", password: PEPPERED_PASSWORD }] });

  startedAtSeconds = Math.floor(Date.now() / 1000);
  const first = await collect(ask(service, ADA, CREDENTIALS));
  const second = await collect(refresh(service, first.refresh_token, {}, CREDENTIALS));
  const narrow = { scope: "read" };
  await collect(refresh(service, second.refresh_token, narrow, CREDENTIALS));
  await collect(ask(service, { ...ADA, client_id: "public" }, null));
  await collect(ask(service, { grant_type: "client_credentials" }, CREDENTIALS));
  await ask(service, { ...ADA, password: `${PASSWORD}-wrong` }, CREDENTIALS);
  await ask(service, ADA, `client:${SECRET}-wrong`);
  await refresh(service, second.refresh_token, {}, CREDENTIALS);
  dump = await dumpStorage();
});

describe("a dump of D1, KV and the Durable Objects", () => {
  test("holds what was stored", () => {
    expect(dump.d1["clients"]).toHaveLength(2);
    expect(dump.d1["users"]).toHaveLength(2);
    expect(dump.kv).toHaveLength(5);
    expect(dump.families).toHaveLength(2);
    for (const entries of dump.families) expect(entries).toHaveLength(1);
  });

  test("is searched in a way that finds what is there", () => {
    const [record] = dump.d1["users"] as { password_record: string }[];
    expect(leaksIn(dump, [record?.password_record ?? ""])).not.toEqual([]);
    expect(leaksIn({ ...dump, families: [[["x", PASSWORD.slice(3, 15)]]] }, [PASSWORD])).toEqual([
      PASSWORD.slice(3, 15),
    ]);
    const bytes = new TextEncoder().encode(SECRET);
    expect(leaksIn({ ...dump, families: [[["x", bytes]]] }, [SECRET])).not.toEqual([]);
  });

  test("has no part of any token", () => {
    const tokens = issued.flatMap(({ access_token, refresh_token = [] }) => {
      return [access_token, refresh_token].flat();
    });
    expect(tokens).toHaveLength(9);
    expect(leaksIn(dump, tokens)).toEqual([]);
  });

  test("has no part of a password, a secret, or a key that mints or seals", () => {
    expect(leaksIn(dump, [PASSWORD, PEPPERED_PASSWORD, SECRET, env.TOKEN_KEYS, PEPPER])).toEqual(
      [],
    );
  });

  test("has salted records of passwords and secrets, no two alike", () => {
    const users = dump.d1["users"] as { username: string; password_record: string }[];
    const clients = dump.d1["clients"] as { client_id: string; secret_record: string | null }[];
    const records = {
      ...Object.fromEntries(users.map((row) => [row.username, row.password_record])),
      ...Object.fromEntries(clients.map((row) => [row.client_id, row.secret_record])),
    };
    const ours = /^\$pbkdf2-sha256\$r=1,i=100000\$[\w-]{22}\$[\w-]{43}$/;
    expect(records).toEqual({
      ada: expect.stringMatching(ours),
      client: expect.stringMatching(ours),
      bob: expect.stringMatching(/^\$sealed\$[\w-]+$/),
      public: null,
    });
  });
});

describe("an access token at rest", () => {
  const keysOf = (answers: readonly TokenAnswer[]) => {
    return Promise.all(answers.map(async ({ access_token }) => toHex(await sha256(access_token))));
  };

  test("has the SHA-256 of the token for its key, and nothing else", async () => {
    const names = dump.kv.map(({ key }) => key.name);
    expect(names.toSorted()).toEqual((await keysOf(issued)).toSorted());
    for (const { key } of dump.kv) expect(key).not.toHaveProperty("metadata");
  });

  test("says what it grants and until when", async () => {
    const users = dump.d1["users"] as { id: string; username: string }[];
    const ada = users.find(({ username }) => username === "ada")?.id ?? "no such user";
    const keys = await keysOf(issued);
    const values = keys.map((name) => {
      const entry = dump.kv.find(({ key }) => key.name === name);
      return JSON.parse(entry?.value ?? "null");
    });
    const all = "read write groups";
    const record = (clientId: string, subject: string | null, scope: string) => ({
      clientId,
      subject,
      scope,
      audience: null,
      claims: {},
      issuedAtMs: expect.any(Number),
      expiresAtMs: expect.any(Number),
    });
    expect(values).toEqual([
      record("client", ada, all),
      record("client", ada, all),
      record("client", ada, "read"),
      record("public", ada, all),
      record("client", null, all),
    ]);
    for (const { issuedAtMs, expiresAtMs } of values) {
      expect(expiresAtMs - issuedAtMs).toBe(HOUR_SECONDS * 1000);
    }
  });

  test("expires in KV after one hour", () => {
    expect(puts).toHaveLength(5);
    for (const [, , options] of puts) expect(options).toEqual({ expirationTtl: HOUR_SECONDS });
    const nowSeconds = Math.ceil(Date.now() / 1000);
    for (const { key } of dump.kv) {
      expect(key.expiration).toBeGreaterThanOrEqual(startedAtSeconds + HOUR_SECONDS);
      expect(key.expiration).toBeLessThanOrEqual(nowSeconds + HOUR_SECONDS);
    }
  });

  test("expires in KV no sooner than KV allows", async () => {
    puts.length = 0;
    const hasty = { client_id: "hasty", client_secret: SECRET, access_token_ttl_seconds: 30 };
    await service.register({ clients: [hasty] });
    const answer = await ask(service, ADA, `hasty:${SECRET}`);
    expect(answer).toMatchObject({ status: 200, body: { expires_in: 30 } });
    expect(puts.map(([, , options]) => options)).toEqual([{ expirationTtl: 60 }]);
  });
});
