/** Shows the API of the service that this page came from, with the scopes that it really has. */
const [spec, metadata] = await Promise.all(
  ["/openapi.json", "/.well-known/oauth-authorization-server"].map(fetchJson),
);
moveTo(new URL(metadata.token_endpoint ?? "/o/token/", location.origin).pathname);
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

/**
 * Names the paths as the service has them: the document is built in advance, for the prefix /o.
 *
 * @param {string} tokenPath
 */
function moveTo(tokenPath) {
  const prefix = tokenPath.replace(/\/token\/?$/, "");
  const move = (path) => path.replace(/^\/o\//, `${prefix}/`).replace(/\/o$/, prefix);
  spec.paths = Object.fromEntries(
    Object.entries(spec.paths).map(([path, item]) => [move(path), item]),
  );
  for (const flow of Object.values(spec.components.securitySchemes.oauth2.flows)) {
    for (const name of ["tokenUrl", "refreshUrl"]) {
      if (flow[name] !== undefined) flow[name] = move(flow[name]);
    }
  }
}
