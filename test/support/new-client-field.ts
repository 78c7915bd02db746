import { vi } from "vitest";
import * as z from "zod/mini";
import type { ClientField } from "../../src/clients/field.ts";

/** A client field that the service does not have. */
const newField: ClientField = {
  property: "logoUris",
  description: "logos of the client",
  column: "words",
  schema: () => z._default(z.array(z.url("is not a URL")), []),
  option: "--logo-uris <uris>",
};

/** Its migration. */
export const NEW_FIELD_MIGRATION =
  "ALTER TABLE clients ADD COLUMN logo_uris TEXT NOT NULL DEFAULT ''";

// The one row in the table. Tests import this file first; the reset is for what was loaded before.
vi.resetModules();
const { CLIENT_FIELDS } = await import("../../src/clients/metadata.ts");
Object.assign(CLIENT_FIELDS, { logo_uris: newField });
