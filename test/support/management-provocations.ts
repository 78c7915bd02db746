import { env } from "cloudflare:workers";
import { CANARIES } from "./canaries.ts";
import type { Manner, Stage } from "./provocation-stage.ts";

const MANAGER = "manager";
const USERS = "/admin/users";

/** The header of a client that manages. */
async function authorization({ tokens }: Stage, clientId = MANAGER): Promise<string> {
  const credentials = `${clientId}:${CANARIES.secret}`;
  const fields = { grant_type: "client_credentials", scope: "admin" };
  return `Bearer ${(await tokens(fields, { credentials })).access_token}`;
}

/** Calls the management API as a client that may. */
async function manage(stage: Stage, body: object | string, manner: Manner): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return stage.raw(text, "json", { authorization: await authorization(stage), ...manner });
}

const newUser = (username: string) => ({ username, claims: { [CANARIES.name]: CANARIES.value } });

/** How to reach every reason that only the management API has. */
export const MANAGEMENT_PROVOCATIONS = {
  path_id_missing: (stage: Stage) => {
    return manage(stage, CANARIES.body, { path: `${USERS}/${CANARIES.path}/`, method: "DELETE" });
  },
  json_expected: async (stage: Stage) => {
    const bearer = await authorization(stage);
    return stage.raw(CANARIES.body, "text/plain", { path: USERS, authorization: bearer });
  },
  json_malformed: (stage: Stage) => {
    return manage(stage, `{"password": "${CANARIES.password}" ${CANARIES.body}`, { path: USERS });
  },
  json_too_large: (stage: Stage) => manage(stage, CANARIES.body.repeat(10_000), { path: USERS }),
  caller_token_missing: (stage: Stage) => {
    return stage.raw(CANARIES.body, "json", { path: USERS, credentials: null });
  },
  caller_token_for_another: async (stage: Stage) => {
    const bearer = await authorization(stage, "api-manager");
    return manage(stage, newUser(CANARIES.username), { path: USERS, authorization: bearer });
  },
  caller_is_user: async (stage: Stage) => {
    const { access_token } = await stage.tokens();
    const bearer = `Bearer ${access_token}`;
    return manage(stage, newUser(CANARIES.username), { path: USERS, authorization: bearer });
  },
  not_found: (stage: Stage) => {
    const path = `${USERS}/${CANARIES.path}/password`;
    return manage(stage, { password: CANARIES.password }, { path, method: "PUT" });
  },
  already_exists: (stage: Stage) => manage(stage, newUser("ada"), { path: USERS }),
  invalid: (stage: Stage) => {
    const invalid = { [CANARIES.name]: CANARIES.value, claims: CANARIES.body, id: CANARIES.header };
    return manage(stage, { ...invalid, username: `${CANARIES.username}\n` }, { path: USERS });
  },
  changed: async (stage: Stage) => {
    const id = await env.DB.prepare("SELECT id FROM users WHERE username = 'leaving'").first("id");
    const path = `${USERS}/${id}`;
    // Every read of this user returns claims that differ from those written.
    return stage.contended(() => {
      return manage(stage, { claims: { a: CANARIES.value } }, { path, method: "PATCH" });
    });
  },
};
