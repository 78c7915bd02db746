import { Hono } from "hono";
import { beforeAll, expect, test } from "vitest";
import { bearer, checkRequest, protectedResource } from "../../src/resource-server/bearer.ts";
import { API, ISSUER, JWT_CLIENT, registerCheckers, TOKENS } from "../support/checks.ts";
import { logIn } from "../support/requests.ts";
import { createService, registerDefaults } from "../support/service.ts";

const service = createService();
// The client is registered for the API without the slash.
const things = protectedResource({ resource: `${API}/`, authorizationServers: [ISSUER] });

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
});

const app = new Hono()
  .use(things.metadata)
  .all("/", bearer({ resource: things, scope: "read", verifier: () => TOKENS }), ({ json }) =>
    json({}),
  );

const APIS = {
  bearer: async (request: Request) => app.request(request),
  checkRequest: async (request: Request) => {
    const options = { resource: things, scope: "read", verifier: TOKENS };
    const access = await checkRequest(request, options);
    return access instanceof Response ? access : Response.json({});
  },
};

test.each(Object.entries(APIS))(
  "§5 a client that knows only the URL of the API finds the service and gets in (%s)",
  async (_, call) => {
    const challenge = (await call(new Request(`${API}/`))).headers.get("WWW-Authenticate") ?? "";
    const metadataUrl = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? "";
    const scope = /scope="([^"]+)"/.exec(challenge)?.[1] ?? "";
    const metadata = (await (await call(new Request(metadataUrl))).json()) as {
      resource: string;
      authorization_servers: string[];
    };
    expect(metadata).toMatchObject({ resource: `${API}/`, authorization_servers: [ISSUER] });
    const { access_token } = await logIn(service, { scope, resource: API }, JWT_CLIENT);
    const headers = { Authorization: `Bearer ${access_token}` };
    expect((await call(new Request(`${API}/`, { headers }))).status).toBe(200);
  },
);
