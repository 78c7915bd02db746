/** Checks the bearer token of a request for auth_request, by introspection (RFC 7662). */

const CREDENTIALS = /^bearer +([\w\-.~+/]+=*)$/i;

async function check(request) {
  const audience = request.variables.audience;
  const scope = request.variables.required_scope;
  const authorization = request.headersIn.Authorization || "";
  if (!/^bearer\b/i.test(authorization)) return reject(request, 401);
  const match = CREDENTIALS.exec(authorization);
  if (match === null) return reject(request, 401, "invalid_request");
  const reply = await request.subrequest("/_introspect", {
    body: `token=${encodeURIComponent(match[1])}`,
  });
  if (reply.status !== 200) return request.return(500);
  const token = JSON.parse(reply.responseText);
  if (token.active !== true || !isFor(audience, token))
    return reject(request, 401, "invalid_token");
  const scopes = (token.scope || "").split(" ");
  if (!scopes.includes(scope)) return reject(request, 403, "insufficient_scope", scope);
  request.variables.token_subject = token.sub;
  request.variables.token_client = token.client_id;
  request.return(204);
}

/** Sets the reason in variables, because auth_request passes on only the status. */
function reject(request, status, error, scope) {
  const attributes = ['Bearer realm="api"'];
  if (error !== undefined) attributes.push(`error="${error}"`);
  if (scope !== undefined) attributes.push(`scope="${scope}"`);
  request.variables.token_error = error || "";
  request.variables.challenge = attributes.join(", ");
  request.return(status);
}

function isFor(audience, token) {
  return (Array.isArray(token.aud) ? token.aud : [token.aud]).includes(audience);
}

export default { check };
