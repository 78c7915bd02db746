import { env } from "cloudflare:workers";
import { type Changes, codeOf, LONG_AUDIENCE, type Shown, VERIFIER } from "./browsing.ts";
import { CANARIES } from "./canaries.ts";
import { passSeconds } from "./clock.ts";
import type { Stage } from "./provocation-stage.ts";

const LONG = "x".repeat(3000);

/** Opens the authorization endpoint with parameters, and a canary that no page shows. */
function opened(changes: Changes): (stage: Stage) => Promise<Shown> {
  return (stage) => stage.browser().authorize({ nonce: CANARIES.value, ...changes });
}

/** Opens the sign-out endpoint. */
function leaving(fields: Record<string, string>): (stage: Stage) => Promise<Shown> {
  return (stage) => stage.browser().open(`/o/logout/?${new URLSearchParams(fields)}`);
}

/** Signs the user in. @returns the browser and the page that follows */
async function signIn(stage: Stage, changes: Changes = {}) {
  const browser = stage.browser();
  const page = await browser.authorize(changes);
  return { browser, page, next: await browser.submit(page, stage.signInFields) };
}

/** Lets the user decide. */
async function decide(stage: Stage, decision: "allow" | "deny", changes: Changes = {}) {
  const { browser, next } = await signIn(stage, { prompt: "consent", ...changes });
  return { browser, consent: next, redirect: await browser.submit(next, { decision }) };
}

async function newCode(stage: Stage, changes: Changes = {}): Promise<string> {
  return codeOf((await decide(stage, "allow", changes)).redirect);
}

function exchange(stage: Stage, code: string, fields: Record<string, string> = {}, id = "web") {
  const all = { grant_type: "authorization_code", code, code_verifier: VERIFIER, ...fields };
  return stage.send(all, { credentials: `${id}:${CANARIES.secret}` });
}

/** Exchanges a new code with other fields. */
function exchanged(fields: Record<string, string>, changes: Changes = {}) {
  return async (stage: Stage) => exchange(stage, await newCode(stage, changes), fields);
}

/** How to reach every reason of the authorization endpoint and of authorization codes. */
export const AUTHORIZATION_PROVOCATIONS = {
  logout_client_missing: leaving({ post_logout_redirect_uri: CANARIES.value }),
  logout_client_mismatch: async (stage: Stage) => {
    const code = await newCode(stage, { scope: "openid" });
    const { id_token } = (await (await exchange(stage, code)).json()) as { id_token: string };
    await leaving({ id_token_hint: id_token, client_id: CANARIES.unknownClient })(stage);
  },
  // Not a canary: the page shows the developer what was sent.
  logout_redirect_mismatch: leaving({
    client_id: "web",
    post_logout_redirect_uri: "https://evil.example/",
  }),
  claims_malformed: opened({ claims: CANARIES.value }),
  id_token_hint_invalid: opened({ id_token_hint: CANARIES.token }),
  parameter_repeated: opened({ scope: ["read", CANARIES.scope] }),
  client_id_missing: opened({ client_id: undefined }),
  client_not_registered: opened({ client_id: CANARIES.unknownClient }),
  redirect_uri_missing: opened({ redirect_uri: undefined }),
  redirect_uri_malformed: async (stage: Stage) => {
    // The service never stores such a row itself.
    const update = "UPDATE clients SET redirect_uris = ? WHERE client_id = 'other-web'";
    await env.DB.prepare(update).bind("javascript:alert(1)").run();
    await opened({ client_id: "other-web", redirect_uri: "javascript:alert(1)" })(stage);
  },
  // Not a canary: the page shows the developer what was sent.
  redirect_uri_mismatch: opened({ redirect_uri: "https://evil.example/" }),
  query_malformed: (stage: Stage) => stage.browser().open(`/o/authorize/?${CANARIES.query}=%ff`),
  form_malformed: async (stage: Stage) => {
    const browser = stage.browser();
    const page = await browser.authorize();
    return browser.submit({ ...page, request: `tgi_${CANARIES.token}` }, {});
  },
  form_from_elsewhere: async (stage: Stage) => {
    const browser = stage.browser();
    const headers = { "Sec-Fetch-Site": "cross-site" };
    return browser.submit(await browser.authorize(), stage.signInFields, headers);
  },

  state_too_long: opened({ state: LONG }),
  nonce_too_long: opened({ nonce: LONG }),
  code_too_long: opened({
    nonce: "n".repeat(255),
    resource: ["https://api.example.com", LONG_AUDIENCE],
  }),
  request_object_unsupported: opened({ request: CANARIES.token }),
  request_uri_unsupported: opened({ request_uri: CANARIES.token }),
  response_type_missing: opened({ response_type: undefined }),
  response_type_unsupported: opened({ response_type: CANARIES.value }),
  response_mode_unsupported: opened({ response_mode: CANARIES.value }),
  code_challenge_missing: opened({ code_challenge: undefined }),
  code_challenge_method_unsupported: opened({ code_challenge_method: "plain" }),
  code_challenge_malformed: opened({ code_challenge: CANARIES.value }),
  prompt_contradictory: opened({ prompt: "none login" }),
  max_age_malformed: opened({ max_age: CANARIES.value }),
  login_required: opened({ prompt: "none" }),
  consent_required: async (stage: Stage) => {
    const { browser } = await signIn(stage);
    return browser.authorize({ prompt: "none", scope: "write" });
  },
  access_denied: (stage: Stage) => decide(stage, "deny"),

  code_missing: (stage: Stage) => exchange(stage, ""),
  code_forged: (stage: Stage) => exchange(stage, `tgc_${CANARIES.token}`),
  code_expired: async (stage: Stage) => {
    const code = await newCode(stage);
    passSeconds(61);
    return exchange(stage, code);
  },
  code_of_another_client: async (stage: Stage) =>
    exchange(stage, await newCode(stage), {}, "other-web"),
  code_ended: async (stage: Stage) => {
    const code = await newCode(stage);
    await env.DB.exec("UPDATE browser_sessions SET ended_at_ms = 1");
    return exchange(stage, code);
  },
  code_verifier_missing: exchanged({ code_verifier: "" }),
  code_verifier_wrong: exchanged({ code_verifier: CANARIES.value }),
  code_redirect_mismatch: exchanged({ redirect_uri: `https://${CANARIES.value}.example` }),
  code_resource_mismatch: exchanged(
    { resource: `https://${CANARIES.value}.example` },
    { resource: "https://api.example.com" },
  ),
  code_raced: async (stage: Stage) => {
    const code = await newCode(stage);
    await exchange(stage, code);
    return exchange(stage, code);
  },
  code_reused: async (stage: Stage) => {
    const code = await newCode(stage);
    await exchange(stage, code);
    passSeconds(30);
    return exchange(stage, code);
  },
  code_superseded: async (stage: Stage) => {
    const { browser, consent, redirect } = await decide(stage, "allow");
    passSeconds(1);
    const again = await browser.submit(consent, { decision: "allow" });
    await exchange(stage, codeOf(redirect));
    return exchange(stage, codeOf(again));
  },
};
