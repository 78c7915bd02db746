import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { Reason } from "../../src/errors/index.ts";
import { CALLS_IN_FLIGHT_MAX } from "../../src/isolate.ts";
import { DERIVATIONS_MAX } from "../../src/storage/long-hash-object.ts";
import { ASSERTION_TYPE } from "./assertions.ts";
import { AUTHORIZATION_PROVOCATIONS } from "./authorization-provocations.ts";
import { CANARIES } from "./canaries.ts";
import { passSeconds } from "./clock.ts";
import { familyOf } from "./families.ts";
import { MANAGEMENT_PROVOCATIONS } from "./management-provocations.ts";
import type { Stage } from "./provocation-stage.ts";
import { brokenOff } from "./requests.ts";
import { UNREGISTERED_PROVOCATIONS } from "./unregistered-provocations.ts";

/** Leads the service to one reason, with a canary wherever a caller can put one. */
type Provocation = (stage: Stage) => Promise<unknown>;

const LONG = "x".repeat(20_000);
const MANY = Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`p${index}`, "v"]));
const UNAUTHENTICATED = { credentials: null };
const TYPE = { client_assertion_type: ASSERTION_TYPE };

/** How to reach every reason that a line of the log can have. */
export const PROVOCATIONS: Readonly<Record<Reason, Provocation>> = {
  ...MANAGEMENT_PROVOCATIONS,
  ...AUTHORIZATION_PROVOCATIONS,
  ...UNREGISTERED_PROVOCATIONS,
  insecure_transport: ({ logIn }) => logIn({}, { path: "http://login.example.com/o/token/" }),
  unknown_path: ({ send }) => send({}, { path: `/${CANARIES.path}` }),
  query_parameters: ({ logIn }) => logIn({}, { path: `/o/token/?x=${CANARIES.query}` }),
  unsupported_media_type: ({ raw }) => raw(CANARIES.body, `text/${CANARIES.value}`),
  content_encoded: ({ raw }) => raw("", "json", { contentEncoding: CANARIES.value }),
  body_too_large: ({ raw }) => raw(`a=${CANARIES.body}${LONG}`),
  body_incomplete: ({ raw }) => raw(brokenOff(`a=${CANARIES.body}`)),
  too_many_parameters: ({ logIn }) => logIn(MANY),
  repeated_parameter: ({ raw }) => raw(`${CANARIES.name}=1&${CANARIES.name}=${CANARIES.value}`),
  malformed_form: ({ raw }) => raw(`${CANARIES.name}=${CANARIES.value}%ff`),
  malformed_json: ({ raw }) => raw(`{"password": "${CANARIES.password}" ${CANARIES.body}`, "json"),
  malformed_multipart: ({ raw }) => raw(CANARIES.body, `multipart/form-data; boundary=q`),
  grant_type_missing: ({ logIn }) => logIn({ grant_type: "" }),
  grant_type_unknown: ({ logIn }) => logIn({ grant_type: CANARIES.value }),
  username_missing: ({ logIn }) => logIn({ username: "" }),
  password_missing: ({ logIn }) => logIn({ password: "" }),
  username_control_character: ({ logIn }) => logIn({ username: `${CANARIES.username}\n` }),
  password_control_character: ({ logIn }) => logIn({ password: `${CANARIES.password}\0` }),
  refresh_token_missing: ({ refresh }) => refresh(""),
  forwarded_address_malformed: ({ logIn }) => {
    return logIn({}, { forwardedFor: CANARIES.header });
  },

  client_credentials_missing: ({ logIn }) => logIn({}, { credentials: null }),
  client_credentials_malformed: ({ logIn }) => {
    return logIn({}, { authorization: `Basic ${CANARIES.authorization}` });
  },
  client_credentials_conflict: ({ logIn }) => logIn({ client_id: CANARIES.unknownClient }),
  client_unknown: ({ logIn }) => logIn({}, { credentials: `${CANARIES.unknownClient}:x` }),
  client_disabled: ({ logIn }) => logIn({}, { credentials: `disabled:${CANARIES.secret}` }),
  client_secret_missing: ({ logIn }) => logIn({ client_id: "client" }, { credentials: null }),
  client_secret_wrong: ({ logIn }) => logIn({}, { credentials: `client:${CANARIES.wrongSecret}` }),
  client_auth_method_wrong: ({ logIn }) => {
    return logIn({}, { credentials: `public:${CANARIES.wrongSecret}` });
  },
  client_assertion_wrong: async ({ send, assertion }) => {
    const client_assertion = await assertion({ aud: `https://${CANARIES.value}` });
    const fields = { ...TYPE, grant_type: "client_credentials", client_assertion };
    return send(fields, { credentials: null });
  },
  client_assertion_replayed: async ({ send, assertion }) => {
    const grant_type = "client_credentials";
    const fields = { ...TYPE, grant_type, client_assertion: await assertion({}) };
    await send(fields, { credentials: null });
    return send(fields, { credentials: null });
  },
  grant_not_allowed: ({ logIn }) => logIn({}, { credentials: `batch:${CANARIES.secret}` }),

  user_unknown: ({ logIn }) => logIn({ username: CANARIES.username }),
  user_inactive: ({ logIn }) => logIn({ username: "inactive" }),
  password_wrong: ({ logIn }) => logIn({ password: CANARIES.wrongPassword }),
  password_unusable: ({ logIn }) => logIn({ username: "unusable" }),
  password_too_long: ({ logIn }) => logIn({ password: CANARIES.wrongPassword + "x".repeat(4096) }),
  hashing_busy: ({ logIn }) => {
    const guesses = Array.from({ length: DERIVATIONS_MAX + 1 }, (_, index) => index);
    return Promise.all(
      guesses.map((index) => logIn({ username: "long", password: CANARIES.wrongPassword + index })),
    );
  },
  scope_not_allowed: ({ logIn }) => logIn({ scope: `read ${CANARIES.scope}` }),
  audience_not_allowed: ({ logIn }) => logIn({ resource: `https://${CANARIES.value}.example` }),

  refresh_token_forged: ({ refresh }) => refresh(`tgr_${CANARIES.token}`),
  refresh_token_of_another_client: async ({ tokens, refresh }) => {
    const { refresh_token } = await tokens();
    return refresh(refresh_token, { credentials: `other:${CANARIES.secret}` });
  },
  refresh_token_ended: async ({ tokens, refresh }) => {
    const { refresh_token } = await tokens({ username: "leaving" });
    await env.DB.exec("UPDATE users SET is_active = 0 WHERE username = 'leaving'");
    return refresh(refresh_token);
  },
  family_unknown: async ({ tokens, refresh }) => {
    const { refresh_token } = await tokens();
    const family = await familyOf(refresh_token);
    await runInDurableObject(family, (_, { storage }) => storage.deleteAll());
    return refresh(refresh_token);
  },
  family_expired: async ({ tokens, refresh }) => {
    const { refresh_token } = await tokens({}, { credentials: `brief:${CANARIES.secret}` });
    passSeconds(120);
    return refresh(refresh_token, { credentials: `brief:${CANARIES.secret}` });
  },
  family_revoked: async ({ tokens, refresh, send }) => {
    const { refresh_token } = await tokens();
    await send({ token: refresh_token }, { path: "/o/revoke_token/" });
    return refresh(refresh_token);
  },
  family_raced: async ({ tokens, refresh }) => {
    const { refresh_token } = await tokens();
    await refresh(refresh_token);
    return refresh(refresh_token);
  },
  family_reused: async ({ tokens, refresh }) => {
    const { refresh_token } = await tokens();
    await refresh(refresh_token);
    passSeconds(60);
    return refresh(refresh_token);
  },
  family_busy: async ({ tokens, refresh, hold }) => {
    const { refresh_token } = await tokens();
    const { full, release } = hold("family.rotate", CALLS_IN_FLIGHT_MAX);
    const waiting = Array.from({ length: CALLS_IN_FLIGHT_MAX }, () => refresh(refresh_token));
    await full;
    await refresh(refresh_token);
    release();
    return Promise.all(waiting);
  },
  idempotency_key_malformed: async ({ tokens, refresh }) => {
    const { refresh_token } = await tokens();
    return refresh(refresh_token, { idempotencyKey: `${CANARIES.idempotencyKey}${LONG}` });
  },

  token_missing: ({ send }) => send({ token: "" }, { path: "/o/revoke_token/" }),
  caller_is_public: ({ send }) => {
    const fields = { token: CANARIES.token, client_id: "public" };
    return send(fields, { path: "/o/introspect/", credentials: null });
  },
  caller_token_inactive: ({ send }) => {
    const authorization = `Bearer tga_${CANARIES.token}`;
    return send({ token: CANARIES.token }, { path: "/o/introspect/", authorization });
  },
  openid_not_granted: async ({ send, tokens }) => {
    const { access_token } = await tokens({ scope: "read" });
    return send({}, { path: "/o/userinfo/", authorization: `Bearer ${access_token}` });
  },
  access_token_twice: ({ send }) => {
    const authorization = `Bearer ${CANARIES.token}`;
    return send({ access_token: CANARIES.token }, { path: "/o/userinfo/", authorization });
  },
  caller_scope_insufficient: async ({ send, tokens }) => {
    const { access_token } = await tokens({ scope: "read" });
    const authorization = `Bearer ${access_token}`;
    return send({ token: CANARIES.token }, { path: "/o/introspect/", authorization });
  },

  address_throttled: ({ limited, logIn }) => {
    const fromOne = { ...UNAUTHENTICATED, address: "192.0.2.1" };
    // As many as wrangler.toml allows an address in two periods, and one.
    const requests = Array.from({ length: 201 }, () => {
      return { client_id: "public", grant_type: "client_credentials" };
    });
    return limited({}, () => Promise.all(requests.map((fields) => logIn(fields, fromOne))));
  },
  user_throttled: ({ limited, logIn }) => {
    return limited({ USER_FAILURES_FREE: 1 }, async () => {
      await logIn({ username: CANARIES.username });
      await logIn({ username: CANARIES.username });
    });
  },
  client_throttled: ({ limited, logIn, settle }) => {
    return limited({ CLIENT_FAILURES_FREE: 1 }, async () => {
      await logIn({ password: CANARIES.wrongPassword });
      await settle();
      await logIn({ username: `another ${CANARIES.username}` });
    });
  },
  secret_throttled: ({ limited, logIn }) => {
    return limited({ CLIENT_FAILURES_FREE: 1 }, async () => {
      const credentials = `${CANARIES.unknownClient}:${CANARIES.wrongSecret}`;
      await logIn({}, { credentials });
      await logIn({}, { credentials });
    });
  },
  throttle_busy: ({ limited, logIn, hold }) => {
    return limited({ USER_FAILURES_FREE: 100 }, async () => {
      const { full, release } = hold("failures.admit", CALLS_IN_FLIGHT_MAX);
      const guess = () =>
        logIn({ username: CANARIES.username, client_id: "public" }, UNAUTHENTICATED);
      const waiting = Array.from({ length: CALLS_IN_FLIGHT_MAX }, guess);
      await full;
      await guess();
      release();
      await Promise.all(waiting);
    });
  },

  method_not_allowed: ({ send }) => send({}, { method: "PATCH" }),
  storage_failed: async (stage) => {
    for (const [operation, work] of Object.entries(await failuresOn(stage))) {
      await stage.failing(operation, work);
    }
  },
  misconfigured: ({ misconfigured, logIn }) => misconfigured(() => logIn()),
  unexpected_error: async ({ logIn }) => {
    const broken = vi.spyOn(crypto.subtle, "encrypt");
    // As JSON.parse does, which quotes what it was given.
    broken.mockRejectedValue(new SyntaxError(`Unexpected token\n    at ${CANARIES.platform}`));
    await logIn().finally(() => broken.mockRestore());
  },
};

/** For each operation of storage a request that needs it. */
async function failuresOn(stage: Stage): Promise<Record<string, () => Promise<unknown>>> {
  const { send, logIn, tokens, refresh, verify, assertion, limited } = stage;
  const grant_type = "client_credentials";
  const { access_token, refresh_token } = await tokens();
  const { access_token: own } = await tokens({ grant_type });
  const signed = { ...TYPE, grant_type, client_assertion: await assertion({}) };
  return {
    "d1.batch": () => logIn(),
    "d1.run": () => logIn({ username: "django" }),
    "kv.put": () => logIn(),
    "kv.get": () => {
      // A younger token is checked without KV.
      passSeconds(6);
      return verify(own);
    },
    "kv.delete": () => send({ token: own }, { path: "/o/revoke_token/" }),
    "family.start": () => logIn(),
    "family.rotate": () => refresh(refresh_token),
    "family.inspect": () => send({ token: access_token }, { path: "/o/introspect/" }),
    "family.revoke": () => send({ token: access_token }, { path: "/o/revoke_token/" }),
    "password.derive": () => logIn({ username: "long" }),
    "failures.admit": () => limited({}, () => logIn()),
    "failures.settle": () => limited({}, () => logIn({ username: CANARIES.username })),
    "assertion.consume": () => send(signed, { credentials: null }),
  };
}
