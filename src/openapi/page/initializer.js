/** Shows the API of the service that this page came from, with the scopes that it really has. */
const [spec, metadata] = await Promise.all(
  ["/openapi.json", "/.well-known/oauth-authorization-server"].map(fetchJson),
);
for (const flow of Object.values(spec.components.securitySchemes.oauth2.flows)) {
  const named = metadata.scopes_supported ?? Object.keys(flow.scopes);
  flow.scopes = Object.fromEntries(named.map((scope) => [scope, flow.scopes[scope] ?? ""]));
}

if (location.protocol === "http:" && metadata.error === "invalid_request") {
  // The service refuses http where it is deployed. Nobody may type a password here before it does.
  location.protocol = "https:";
} else {
  globalThis.SwaggerUIBundle({
    spec,
    dom_id: "#api",
    // Its default is a host outside, which would learn of every page shown.
    validatorUrl: null,
  });
}

/** @param {string} path */
async function fetchJson(path) {
  const response = await fetch(path);
  return response.json();
}
