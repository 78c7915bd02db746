/**
 * An API on Express that verifies JWT access tokens with the token service's public keys.
 * Environment: ISSUER, such as https://login.example.com; AUDIENCE, such as
 * https://api.example.com; PORT (default 3000).
 */
import express from "express";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const ISSUER = setting("ISSUER");
const AUDIENCE = setting("AUDIENCE");
const PORT = Number(process.env["PORT"] ?? 3000);

/** The path for `PATH_PREFIX` = `/o`. Cached for 10 min; fetched again for an unknown key id. */
const keys = createRemoteJWKSet(new URL("/o/.well-known/jwks.json", ISSUER));

const REQUIRED = {
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ["ES256", "EdDSA", "RS256"],
  typ: "at+jwt",
  requiredClaims: ["exp", "iat", "sub", "client_id", "jti"],
};

/** Errors of fetching the keys, which say nothing about the token. */
const KEY_ERRORS = ["ERR_JOSE_GENERIC", "ERR_JWKS_INVALID", "ERR_JWKS_TIMEOUT"];

/**
 * Requires a bearer token (RFC 6750) in the `Authorization` header, never in the query. Sets
 * `response.locals.token` to the token's claims.
 *
 * @param {string} scope the required scope
 */
function bearer(scope) {
  return async (request, response, next) => {
    const authorization = request.get("Authorization") ?? "";
    if (!/^bearer\b/i.test(authorization)) return challenge(response, 401);
    const token = /^Bearer +([\w\-.~+/]+=*)$/i.exec(authorization)?.[1];
    if (token === undefined) return challenge(response, 400, "invalid_request");
    try {
      const { payload } = await jwtVerify(token, keys, REQUIRED);
      response.locals.token = payload;
    } catch (error) {
      if (!isAboutToken(error)) return unavailable(response);
      return challenge(response, 401, "invalid_token");
    }
    if (!scopesOf(response.locals.token).includes(scope)) {
      return challenge(response, 403, "insufficient_scope", scope);
    }
    next();
  };
}

function scopesOf({ scope }) {
  return typeof scope === "string" ? scope.split(" ") : [];
}

function isAboutToken(error) {
  return error instanceof errors.JOSEError && !KEY_ERRORS.includes(error.code);
}

function challenge(response, status, error, scope) {
  const attributes = [
    'Bearer realm="api"',
    ...(error === undefined ? [] : [`error="${error}"`]),
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
  ];
  response.status(status).set("WWW-Authenticate", attributes.join(", "));
  return error === undefined ? response.end() : response.json({ error });
}

function unavailable(response) {
  return response.status(503).set("Retry-After", "1").json({ error: "temporarily_unavailable" });
}

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`Set the environment variable ${name}.`);
  return value;
}

const app = express();

app.get("/things", bearer("read"), (_, response) => {
  response.json({ things: ["a", "b"], subject: response.locals.token.sub });
});

app.delete("/things", bearer("write"), (_, response) => {
  response.json({ deletedBy: response.locals.token.sub });
});

app.listen(PORT, "127.0.0.1");
