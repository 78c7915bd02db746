/** `@node-oauth/oauth2-server` over maps in memory: its model is the caller's to write. */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import OAuth2Server from "@node-oauth/oauth2-server";

const client = { id: "confidential", grants: ["password", "refresh_token", "client_credentials"] };
const user = { id: "ada" };
const refreshTokens = new Map();
const accessTokens = new Map();

const server = new OAuth2Server({
  model: {
    getClient: async (id, secret) => (id === client.id && secret === "secret" ? client : null),
    getUser: async (name, password) =>
      name === "ada" && password === "correct horse" ? user : null,
    getUserFromClient: async () => user,
    generateAccessToken: async () => randomBytes(32).toString("base64url"),
    generateRefreshToken: async () => randomBytes(32).toString("base64url"),
    async saveToken(token, ofClient, ofUser) {
      const saved = { ...token, client: ofClient, user: ofUser };
      accessTokens.set(saved.accessToken, saved);
      if (saved.refreshToken) refreshTokens.set(saved.refreshToken, saved);
      return saved;
    },
    getAccessToken: async (token) => accessTokens.get(token),
    getRefreshToken: async (token) => refreshTokens.get(token),
    revokeToken: async ({ refreshToken }) => refreshTokens.delete(refreshToken),
  },
});

const listening = createServer(async (incoming, outgoing) => {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
  const { method, headers } = incoming;
  const request = new OAuth2Server.Request({ method, headers, query: {}, body });
  const response = new OAuth2Server.Response();
  await server.token(request, response).catch(() => {});
  outgoing.writeHead(response.status, { "Content-Type": "application/json", ...response.headers });
  outgoing.end(JSON.stringify(response.body));
});
listening.listen(0, "127.0.0.1", () => process.send({ port: listening.address().port }));
process.once("disconnect", () => process.exit());
