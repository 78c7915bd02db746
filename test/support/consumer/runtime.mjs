/**
 * A program of another project, for Node and Deno: `test/system/package.test.ts` copies it to where
 * the package is installed. It serves an API twice, with and without Hono, and prints what a client
 * sees that knows only its URL.
 */
import { createServer } from "node:http";
import { Hono } from "hono";
import { bearer, checkRequest, createJwksVerifier, protectedResource } from "tollgate/bearer";
import { createTestIssuer } from "tollgate/testing";

const AUDIENCE = "https://mcp.example.com/mcp";

const keyServer = createServer((_, response) => response.end(JSON.stringify(issuer.jwks)));
await new Promise((listening) => keyServer.listen(0, "127.0.0.1", listening));
const origin = `http://127.0.0.1:${keyServer.address().port}`;
const issuer = await createTestIssuer(origin);

const resource = protectedResource({ resource: AUDIENCE, authorizationServers: [origin] });
const verifier = createJwksVerifier({ issuer: origin, audience: AUDIENCE });
const scope = "read";

const app = new Hono();
app.use(resource.metadata);
app.get("/mcp", bearer({ resource, scope, verifier: () => verifier }), (context) => {
  return context.text(context.get("token").subject);
});

async function plain(request) {
  const access = await checkRequest(request, { resource, scope, verifier });
  return access instanceof Response ? access : new Response(access.subject);
}

const token = await issuer.token({ audience: AUDIENCE, scope });
const seen = {};
for (const [name, handler] of Object.entries({ hono: app.fetch, plain })) {
  const challenge = (await handler(new Request(AUDIENCE))).headers.get("WWW-Authenticate");
  const metadataUrl = /resource_metadata="([^"]+)"/.exec(challenge)[1];
  const metadata = await (await handler(new Request(metadataUrl))).json();
  const headers = { Authorization: `Bearer ${token}` };
  const response = await handler(new Request(AUDIENCE, { headers }));
  seen[name] = [challenge, metadata.resource, await response.text()];
}
keyServer.close();
console.log(JSON.stringify({ runtime: globalThis.Deno ? "Deno" : "Node", ...seen }));
