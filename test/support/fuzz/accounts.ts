import { createService, registerDefaults, type Service } from "../service.ts";
import { ORIGIN } from "./headers.ts";

/** The service with everything switched on, and with room for each hash of a run. */
export const FUZZED: Service = createService({
  MANAGEMENT_API: "on",
  IMPORTED_TOKENS: "on",
  HASHES_IN_FLIGHT_MAX: 300,
});

/** Registers who the requests are from: the defaults, a site that manages, a page. */
export async function registerFuzzed(): Promise<void> {
  await registerDefaults(FUZZED);
  const grant_types = ["client_credentials", "password", "refresh_token"];
  const site = { client_id: "site", client_secret: "secret", grant_types };
  await FUZZED.register({
    clients: [
      { ...site, scope: "read write admin introspection" },
      { client_id: "page", token_endpoint_auth_method: "none", allowed_origins: [ORIGIN] },
    ],
  });
}
