import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningService, startRunningService } from "../running-service.ts";
import { newSigningKeys, type Pair, tokenOf } from "../wire.ts";
import * as api from "./example-api.ts";
import { startIntegrityCheck } from "./integrity-check.ts";

const SECRET = { client_secret: "secret" };
const AUDIENCES = [api.AUDIENCE, api.OTHER_AUDIENCE];
const USERS = [
  { username: "ada", password: "correct horse" },
  { username: "bob", password: "correct horse" },
];

/** The client that an API introspects as. Its id needs form encoding before base64. */
export const RESOURCE_SERVER = { id: "api:1", secret: "se cret+%" } as const;

/** Starts an API that introspects at this service. */
type StartApi = (origin: string) => Promise<api.ExampleApi>;

/** For tests that only one of the APIs needs. */
interface IntrospectingApi {
  /** Logs a user of the client `web`, `jwt` or `unaddressed` in. */
  logIn(client: string, fields?: Record<string, string>): Promise<Pair>;
  url(): string;
}

/** Tests everything that an API which introspects must do, whatever it is written in. */
export function describeIntrospectingApi(start: StartApi): IntrospectingApi {
  let service: RunningService;
  let things: string;
  let front: Awaited<ReturnType<typeof startIntegrityCheck>>;
  let running: api.ExampleApi;

  beforeAll(async () => {
    const clients = [
      { client_id: "web", ...SECRET, audience: AUDIENCES },
      { client_id: "jwt", ...SECRET, audience: AUDIENCES, access_token_format: "jwt" },
      { client_id: "unaddressed", ...SECRET },
      resourceServer(RESOURCE_SERVER.secret),
    ];
    const vars = { SIGNING_KEYS: await newSigningKeys("ES256") };
    service = await startRunningService({ clients, users: USERS }, vars);
    front = await startIntegrityCheck(service.origin);
    running = await start(front.origin);
    things = running.url;
  });

  afterAll(async () => {
    await running?.stop();
    await front?.stop();
    await service?.stop();
  });

  function logIn(client: string, fields: Record<string, string> = {}): Promise<Pair> {
    const login = { grant_type: "password", username: "ada", password: "correct horse" };
    return tokenOf(service.origin, `${client}:secret`, { ...login, ...fields });
  }

  describe.each(["web", "jwt"])("of the client %s", (client) => {
    test("a token for this API, with the scope, is accepted", async () => {
      const answer = await api.callAs((await logIn(client)).access_token, things);
      expect(answer).toMatchObject(api.GOOD);
      expect(JSON.parse(answer.body).subject).toMatch(/^[\da-f-]{36}$/);
    });

    test("a token for another API is rejected", async () => {
      const { access_token } = await logIn(client, { resource: api.OTHER_AUDIENCE });
      expect(await api.callAs(access_token, things)).toMatchObject(api.INVALID_TOKEN);
    });

    test("a token without the scope of the route is rejected", async () => {
      const { access_token } = await logIn(client, { scope: "read" });
      const answer = await api.callAs(access_token, things, { method: "DELETE" });
      expect(answer).toMatchObject(api.INSUFFICIENT_SCOPE);
    });

    test("after a refresh the old token is rejected at once", async () => {
      const { access_token, refresh_token } = await logIn(client);
      const fields = { grant_type: "refresh_token", refresh_token };
      const fresh = await tokenOf(service.origin, `${client}:secret`, fields);
      expect(await api.callAs(access_token, things)).toMatchObject(api.INVALID_TOKEN);
      expect(await api.callAs(fresh.access_token, things)).toMatchObject(api.GOOD);
    });

    test("after a revocation the token is rejected at once", async () => {
      const { access_token, refresh_token } = await logIn(client);
      expect(await api.callAs(access_token, things)).toMatchObject(api.GOOD);
      await fetch(`${service.origin}/o/revoke_token/`, {
        method: "POST",
        headers: { Authorization: `Basic ${btoa(`${client}:secret`)}` },
        body: new URLSearchParams({ token: refresh_token }),
      });
      expect(await api.callAs(access_token, things)).toMatchObject(api.INVALID_TOKEN);
    });
  });

  test("a token without an audience is rejected", async () => {
    const { access_token } = await logIn("unaddressed");
    expect(await api.callAs(access_token, things)).toMatchObject(api.INVALID_TOKEN);
  });

  test("a refresh token and an invented token are rejected", async () => {
    const { refresh_token } = await logIn("web");
    expect(await api.callAs(refresh_token, things)).toMatchObject(api.INVALID_TOKEN);
    expect(await api.callAs("tga_invented", things)).toMatchObject(api.INVALID_TOKEN);
  });

  test("the token of a deactivated user is rejected at once", async () => {
    const { access_token } = await logIn("web", { username: "bob" });
    expect(await api.callAs(access_token, things)).toMatchObject(api.GOOD);
    await service.register({ users: [{ username: "bob", is_active: false }] });
    expect(await api.callAs(access_token, things)).toMatchObject(api.INVALID_TOKEN);
  });

  test("without a token in the header the challenge names the scheme and no error", async () => {
    const { access_token } = await logIn("web");
    for (const url of [things, `${things}?access_token=${access_token}`]) {
      expect(await api.callWith(null, url)).toMatchObject(api.NO_CREDENTIALS);
      expect(await api.callWith("Basic YTpi", url)).toMatchObject(api.NO_CREDENTIALS);
    }
  });

  test.each(["", "two tokens", "a,b", "a\tb"])("the token '%s' is no request", async (token) => {
    expect(await api.callAs(token, things)).toMatchObject(api.INVALID_REQUEST);
  });

  test("while the API's own credentials are wrong, no token is said to be bad", async () => {
    const { access_token } = await logIn("web");
    await service.register({ clients: [resourceServer("another")] });
    const answer = await api.callAs(access_token, things);
    await service.register({ clients: [resourceServer(RESOURCE_SERVER.secret)] });
    expect(answer).toMatchObject(api.UNAVAILABLE);
    expect(await api.callAs(access_token, things)).toMatchObject(api.GOOD);
  });

  return { logIn, url: () => things };
}

function resourceServer(secret: string): object {
  const client = { client_id: RESOURCE_SERVER.id, client_secret: secret };
  return { ...client, grant_types: [], scope: "introspection" };
}
