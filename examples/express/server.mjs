/**
 * An API on Express that checks JWT access tokens with the token service's public keys.
 * Settings: ISSUER, such as https://login.example.com; AUDIENCE, such as https://api.example.com;
 * PORT.
 */
import express from "express";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const ISSUER = setting("ISSUER");
const AUDIENCE = setting("AUDIENCE");
const PORT = Number(process.env["PORT"] ?? 3000);

/** Where `PATH_PREFIX` is `/o`. Fetched once, kept for ten minutes, and fetched again for a key id that nobody has seen. */
const keys = createRemoteJWKSet(new URL("/o/.well-known/jwks.json", ISSUER));

const REQUIRED = {
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ["ES256", "EdDSA", "RS256"],
  typ: "at+jwt",
  requiredClaims: ["exp", "iat", "sub", "client_id", "jti"],
};

/** The keys could not be had: this says nothing about the token. */
const KEY_ERRORS = ["ERR_JOSE_GENERIC", "ERR_JWKS_INVALID", "ERR_JWKS_TIMEOUT"];

/**
 * Guards a route with a bearer token (RFC 6750) of the `Authorization` header, and never of the
 * query. A route behind it finds the token's claims in `response.locals.token`.
 *
 * @param {string} scope the one that the route needs
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
  if (!value) throw new Error(`${name} is missing`);
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
