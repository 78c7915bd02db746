// First, so that the table is complete before anything reads it.
import "./support/new-client-field.ts";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addFieldOptions, fieldsOf } from "../src/cli/commands/client-options.ts";
import { generate } from "../src/cli/docs/generate.ts";
import { clientFieldRows } from "../src/clients/metadata.ts";
import { openApiDocument } from "../src/openapi/document.ts";

const logos = ["https://example.com/1.png", "https://example.com/2.png"];

test("a field that was added to the table is in the documentation", () => {
  const marked = "<!-- generated: client-fields -->\n<!-- end of generated -->\n";
  expect(generate("x.md", marked)).toContain(
    "| `logo_uris` | `[]` | Logos of the client. | `--logo-uris <uris>` |",
  );
});

test("the commands read it from an option", () => {
  const command = addFieldOptions(new Command());
  expect(command.helpInformation()).toContain("--logo-uris <uris>");
  command.parse(["--logo-uris", logos.join(" ")], { from: "user" });
  expect(fieldsOf(command.opts())).toEqual({ logo_uris: logos });
});

test("the OpenAPI document has every field of the table, for each use of a client", () => {
  type Properties = Record<string, { description?: string }>;
  const { components } = openApiDocument() as {
    components: { schemas: Record<string, { properties: Properties }> };
  };
  for (const name of ["NewClient", "ClientPatch", "Client"]) {
    const { properties = {} } = components.schemas[name] ?? {};
    const fields = clientFieldRows().map(([field]) => field);
    expect(fields.filter((field) => !properties[field]?.description)).toEqual([]);
  }
});
