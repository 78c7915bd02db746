import { env } from "cloudflare:workers";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { bearer, protectedResource, type VerifiedToken, type Verifier } from "tollgate/bearer";
import { createNotesServer } from "./notes.ts";
import { connectPage } from "./page.ts";
import { SCOPES } from "./scopes.ts";

interface Bindings {
  /** The entrypoint `TokenVerifier` of the token service; see wrangler.toml. */
  TOKENS: Verifier;
  /** Origin of the token service. */
  ISSUER: string;
  /** The URL of this MCP server, which is the audience of its tokens. */
  RESOURCE: string;
}

const { ISSUER, RESOURCE } = env as unknown as Bindings;

const notes = protectedResource({
  resource: RESOURCE,
  authorizationServers: [ISSUER],
  scopes: Object.keys(SCOPES).join(" "),
  name: "Notes",
});
const handler = createMcpHandler(createNotesServer);
const app = new Hono<{ Bindings: Bindings }>();

app.use(notes.metadata);
app.get("/", ({ html }) => html(connectPage(RESOURCE, ISSUER)));

app.all(
  "/mcp",
  // For clients that run in a browser, such as the Inspector. There are no cookies here.
  cors({ origin: "*", exposeHeaders: ["WWW-Authenticate"] }),
  // Clients first request the scope to read. A tool that needs more says so; see notes.ts.
  bearer({ resource: notes, scope: "notes:read", verifier: ({ env }) => env.TOKENS }),
  (context) => {
    const authorization = context.req.header("Authorization") ?? "";
    const authInfo = toAuthInfo(context.get("token"), authorization);
    return handler.fetch(context.req.raw, { authInfo });
  },
);

/** The token in the words of the SDK. */
function toAuthInfo({ clientId, scope, expiresAt, subject }: VerifiedToken, authorization: string) {
  return {
    token: authorization.replace(/^Bearer +/i, ""),
    clientId,
    scopes: [...scope],
    expiresAt,
    resource: new URL(RESOURCE),
    resourceMetadataUrl: notes.metadataUrl,
    extra: { subject },
  };
}

export default app;
