/**
 * `oidc-provider` over a map in memory: its own walks every token of a grant at each refresh. Without
 * the scope `openid`, for which it would sign an ID token that no other server here makes.
 */
import { createServer } from "node:http";
import Provider from "oidc-provider";

const stored = new Map();

class MapAdapter {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload) {
    stored.set(`${this.model} ${id}`, payload);
  }

  async find(id) {
    return stored.get(`${this.model} ${id}`);
  }

  async consume(id) {
    (await this.find(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    stored.delete(`${this.model} ${id}`);
  }
}

const provider = new Provider("http://127.0.0.1", {
  adapter: MapAdapter,
  clients: [
    {
      client_id: "confidential",
      client_secret: "secret",
      grant_types: ["authorization_code", "refresh_token", "client_credentials"],
      redirect_uris: ["https://client.example/callback"],
    },
  ],
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  rotateRefreshToken: true,
  scopes: ["read", "offline_access"],
});

/** A login, without the pages that one takes. */
async function setUp() {
  const client = await provider.Client.find("confidential");
  const grant = new provider.Grant({ accountId: "ada", clientId: client.clientId });
  grant.addOIDCScope("offline_access");
  const grantId = await grant.save();
  const token = new provider.RefreshToken({
    accountId: "ada",
    client,
    grantId,
    gty: "authorization_code",
    iiat: Math.floor(Date.now() / 1000),
    rotations: 0,
    scope: "offline_access",
  });
  return { refresh_token: await token.save() };
}

const answer = provider.callback();
const listening = createServer(async (incoming, outgoing) => {
  if (incoming.url === "/setup") outgoing.end(JSON.stringify(await setUp()));
  else answer(incoming, outgoing);
});
listening.listen(0, "127.0.0.1", () => process.send({ port: listening.address().port }));
process.once("disconnect", () => process.exit());
