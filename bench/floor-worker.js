/**
 * The floor of `npm run bench`: the storage operations of each kind of request, in the same order and
 * over the same tables, and nothing else. It checks nothing, seals nothing, logs nothing.
 */
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

const TTL_SECONDS = 3600;
const DAY_MS = 86_400_000;
const ROUNDS = 6;
const ITERATIONS = 100_000;

const SELECT_CLIENT = "SELECT * FROM clients WHERE client_id = ?";
const SELECT_USER = "SELECT * FROM users WHERE username = ?";
const SELECT_SESSION =
  "SELECT family_id FROM sessions WHERE user_id = ? AND family_id = ? AND ended_at_ms IS NOT NULL";

const CLIENT_ID = "confidential";
const USERNAME = "ada";
const USER_ID = "00000000-0000-4000-8000-000000000000";
const SCOPE = "read write groups introspection";

/** As large as what the service keeps. */
function rowOf(generation) {
  const issuedAtMs = Date.now();
  const live = { generation, keyId: "0123456789abcdef", scope: SCOPE, audience: null, issuedAtMs };
  const policy = { clientId: CLIENT_ID, subject: USER_ID, createdAtMs: issuedAtMs };
  const state = { ...policy, live, attemptId: crypto.randomUUID(), revoked: null };
  return { state, neededUntilMs: issuedAtMs + 30 * DAY_MS };
}

export class FloorFamily extends DurableObject {
  async start() {
    if (this.ctx.storage.kv.get("family") !== undefined) return;
    this.ctx.storage.kv.put("family", rowOf(0));
    if ((await this.ctx.storage.getAlarm()) !== null) return;
    await this.ctx.storage.setAlarm(Date.now() + 90 * DAY_MS);
  }

  async rotate(generation) {
    const row = this.ctx.storage.kv.get("family");
    if (row.state.live.generation !== generation) return null;
    this.ctx.storage.kv.put("family", rowOf(generation + 1));
    await this.ctx.storage.getAlarm();
    return generation + 1;
  }

  async inspect() {
    return this.ctx.storage.kv.get("family")?.state ?? null;
  }

  async alarm() {}
}

/** What a call to another Worker costs by itself, and with one look into KV. */
export class FloorVerifier extends WorkerEntrypoint {
  async noop() {
    return { kind: "invalid_token" };
  }

  async verify(token) {
    const content = await this.env.ACCESS_TOKENS.get(keyOf(token), "json");
    return content === null ? { kind: "invalid_token" } : { kind: "verified", token: content };
  }
}

/** As long as the keys of the service. */
function keyOf(token) {
  return token
    .replaceAll(/[^0-9a-f]/g, "0")
    .padEnd(64, "0")
    .slice(0, 64);
}

function putToken({ ACCESS_TOKENS }, token) {
  const issuedAtMs = Date.now();
  const expiresAtMs = issuedAtMs + TTL_SECONDS * 1000;
  const content = { clientId: CLIENT_ID, subject: USER_ID, scope: SCOPE, audience: null };
  const value = JSON.stringify({ ...content, claims: {}, issuedAtMs, expiresAtMs });
  return ACCESS_TOKENS.put(keyOf(token), value, { expirationTtl: TTL_SECONDS });
}

function lookUp({ DB }, familyId, username = USERNAME) {
  const statements = [DB.prepare(SELECT_CLIENT).bind(CLIENT_ID)];
  if (username !== null) statements.push(DB.prepare(SELECT_USER).bind(username));
  if (familyId !== null) statements.push(DB.prepare(SELECT_SESSION).bind(USER_ID, familyId));
  return DB.batch(statements);
}

async function hash(password) {
  const raw = new TextEncoder().encode(password);
  const key = await crypto.subtle.importKey("raw", raw, "PBKDF2", false, ["deriveBits"]);
  let salt = crypto.getRandomValues(new Uint8Array(16));
  for (let round = 0; round < ROUNDS; round += 1) {
    const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ITERATIONS };
    salt = new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
  }
}

function pairOf(familyId, generation) {
  const access_token = crypto.randomUUID();
  const refresh_token = `${familyId}.${generation}`;
  return {
    access_token,
    expires_in: TTL_SECONDS,
    token_type: "Bearer",
    scope: SCOPE,
    refresh_token,
  };
}

const ENDPOINTS = {
  "/pbkdf2": async (text) => {
    await hash(text);
    return {};
  },

  "/look-up": async (_, env) => {
    await lookUp(env, null, null);
    return {};
  },

  "/start": async (_, env) => {
    const id = env.FAMILIES.newUniqueId();
    await env.FAMILIES.get(id).start();
    return pairOf(id.toString(), 0);
  },

  "/refresh": async (text, env) => {
    const [familyId, generation] = text.split(".");
    await lookUp(env, familyId);
    const family = env.FAMILIES.get(env.FAMILIES.idFromString(familyId));
    const next = await family.rotate(Number(generation));
    const pair = pairOf(familyId, next);
    await putToken(env, pair.access_token);
    return pair;
  },

  "/client_credentials": async (_, env) => {
    await lookUp(env, null, null);
    const { refresh_token: _none, ...answer } = pairOf("", 0);
    await putToken(env, answer.access_token);
    return answer;
  },

  "/introspect": async (text, env) => {
    const [familyId] = text.split(".");
    const family = env.FAMILIES.get(env.FAMILIES.idFromString(familyId));
    const state = await family.inspect();
    await lookUp(env, familyId);
    return { active: true, ...state.live, username: USERNAME, client_id: CLIENT_ID };
  },
};

export default {
  async fetch(request, env) {
    const endpoint = ENDPOINTS[new URL(request.url).pathname];
    return Response.json(await endpoint(await request.text(), env));
  },
};
