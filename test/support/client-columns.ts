import { parseClientEntry } from "../../src/admin/entries.ts";
import { clientFieldsOf, NO_SECRETS } from "../../src/admin/registry-rows.ts";
import type { ClientColumns } from "../../src/clients/client.ts";

/** The columns of a public client with the default of every field. */
export const CLIENT_COLUMNS: ClientColumns = {
  ...NO_SECRETS,
  ...clientFieldsOf(parseClientEntry({ client_id: "any", token_endpoint_auth_method: "none" })),
};
