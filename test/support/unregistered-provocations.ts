import { vi } from "vitest";
import { ASSERTION_TYPE, newAssertion } from "./assertions.ts";
import { codeOf, type Shown, VERIFIER } from "./browsing.ts";
import { CANARIES } from "./canaries.ts";
import { newKey } from "./keys.ts";
import type { Stage } from "./provocation-stage.ts";

const REGISTER = { path: "/o/register/", credentials: null };

function registering(changes: object) {
  const metadata = { redirect_uris: ["https://app.example.com/"], [CANARIES.name]: CANARIES.value };
  return ({ raw }: Stage) => raw(JSON.stringify({ ...metadata, ...changes }), "json", REGISTER);
}

/** Opens the authorization endpoint as the client of a document, signed in. */
function asClientOf(url: string, respond: () => Promise<Response>) {
  return async (stage: Stage): Promise<Shown> => {
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(respond);
    try {
      const browser = stage.browser();
      await browser.submit(await browser.authorize(), stage.signInFields);
      return await browser.authorize({ client_id: url, nonce: CANARIES.value });
    } finally {
      fetched.mockRestore();
    }
  };
}

const text = (body: string) => async () => {
  return new Response(body, { headers: { "Content-Type": "application/json" } });
};

const KEY_CLIENT = "https://metadata.example/client";
const KEY_DOCUMENT = JSON.stringify({
  client_id: KEY_CLIENT,
  redirect_uris: ["https://metadata.example/callback"],
  token_endpoint_auth_method: "private_key_jwt",
  jwks_uri: "https://metadata.example/keys",
});

/** How to reach every reason of clients that no operator registered. */
export const UNREGISTERED_PROVOCATIONS = {
  registration_not_json: ({ raw }: Stage) => raw(CANARIES.body, "text/plain", REGISTER),
  registered_metadata_invalid: registering({ grant_types: [CANARIES.value] }),
  // Not a canary: the response names the URI.
  registered_uri_invalid: registering({ redirect_uris: ["http://evil.example/"] }),
  client_document_rejected: asClientOf("https://other.example/client", text("{}")),
  client_document_invalid: asClientOf("https://broken.example/client", text(`"${CANARIES.body}"`)),
  client_document_unreachable: asClientOf("https://slow.example/client", () => {
    return Promise.reject(new Error(CANARIES.body));
  }),
  client_document_busy: async (stage: Stage) => {
    await asClientOf("https://busy.example/1", text("{}"))(stage);
    return asClientOf("https://busy.example/2", text("{}"))(stage);
  },
  client_keys_unavailable: async (stage: Stage) => {
    const changes = { redirect_uri: "https://metadata.example/callback", scope: undefined };
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(text(KEY_DOCUMENT));
    try {
      const browser = stage.browser();
      const page = await browser.authorize({ client_id: KEY_CLIENT, ...changes });
      const consent = await browser.submit(page, stage.signInFields);
      const code = codeOf(await browser.submit(consent, { decision: "allow" }));
      fetched.mockImplementation(() => Promise.reject(new Error(CANARIES.body)));
      const client_assertion = await newAssertion(KEY_CLIENT, await newKey());
      const fields = { client_assertion, client_assertion_type: ASSERTION_TYPE, code };
      const grant = { grant_type: "authorization_code", code_verifier: VERIFIER };
      return await stage.send({ ...fields, ...grant }, { credentials: null });
    } finally {
      fetched.mockRestore();
    }
  },
};
