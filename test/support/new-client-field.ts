import * as z from "zod/mini";
import { CLIENT_FIELDS, type ClientField } from "../../src/clients/metadata.ts";

/** A client field that the service does not have. */
const newField: ClientField = {
  description: "logos of the client",
  column: "words",
  schema: () => z._default(z.array(z.url("is not a URL")), []),
  option: "--logo-uris <uris>",
};

/** Its migration. */
export const NEW_FIELD_MIGRATION =
  "ALTER TABLE clients ADD COLUMN logo_uris TEXT NOT NULL DEFAULT ''";

// The one row in the table. Tests import this file first, before anything reads the table.
Object.assign(CLIENT_FIELDS, { logo_uris: newField });
