/** `@cloudflare/workers-oauth-provider` as its README sets it up, with one client and one grant. */
import { OAuthProvider } from "./node_modules/@cloudflare/workers-oauth-provider/dist/oauth-provider.js";

const REDIRECT_URI = "https://client.example/callback";
/** RFC 7636, appendix B. */
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/** Makes a client, and a code that a user has consented to. */
async function setUp(request, { OAUTH_PROVIDER }) {
  const { clientId, clientSecret } = await OAUTH_PROVIDER.createClient({
    redirectUris: [REDIRECT_URI],
    clientName: "bench",
    tokenEndpointAuthMethod: "client_secret_basic",
  });
  const url = new URL("/authorize", request.url);
  const parameters = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    scope: "read write",
    state: "state",
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const authorization = await OAUTH_PROVIDER.parseAuthRequest(new Request(url));
  const { redirectTo } = await OAUTH_PROVIDER.completeAuthorization({
    request: authorization,
    userId: crypto.randomUUID(),
    metadata: {},
    scope: ["read", "write"],
    props: {},
  });
  return Response.json({
    clientId,
    clientSecret,
    code: new URL(redirectTo).searchParams.get("code"),
  });
}

export default new OAuthProvider({
  apiRoute: "/api/",
  apiHandler: { fetch: () => new Response("api") },
  defaultHandler: { fetch: setUp },
  authorizeEndpoint: "/authorize",
  tokenEndpoint: "/token",
  resourceMetadata: { resource: "http://127.0.0.1/api/" },
});
