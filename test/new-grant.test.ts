// First, so that the list is complete before anything reads it.
import "./support/new-grant.ts";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addFieldOptions, fieldsOf } from "../src/cli/commands/client-options.ts";
import { generate } from "../src/cli/docs/generate.ts";
import { openApiDocument } from "../src/openapi/document.ts";
import { newGrant } from "./support/new-grant.ts";

const { grantType, summary } = newGrant;

test("a grant that was added to the list is in the documentation", () => {
  const marked = "<!-- generated: grants -->\n<!-- end of generated -->\n";
  expect(generate("x.md", marked)).toContain(
    `| \`${grantType}\` | ${summary} (test/support/new-grant.ts) | \`word\` | no |`,
  );
});

test("it is in the OpenAPI document: request, example, flow, and the fields of a client", () => {
  const { components, paths } = openApiDocument() as Record<string, Record<string, object>>;
  expect(components).toMatchObject({
    schemas: {
      TokenForm: {
        properties: {
          grant_type: { enum: expect.arrayContaining([grantType]) },
          word: { description: `Grant \`${grantType}\`: the word, which is \`open\`.` },
        },
      },
      NewClient: {
        properties: { grant_types: { items: { enum: expect.arrayContaining([grantType]) } } },
      },
    },
    securitySchemes: { oauth2: { flows: { authorizationCode: expect.any(Object) } } },
  });
  const body = { "application/json": { examples: { [grantType]: expect.any(Object) } } };
  expect(paths?.["/o/token/"]).toMatchObject({
    post: { description: expect.stringContaining(summary), requestBody: { content: body } },
  });
});

test("the commands accept it for a client", () => {
  const read = (words: string) => {
    const command = addFieldOptions(
      new Command().exitOverride().configureOutput({ writeErr: () => undefined }),
    );
    return fieldsOf(command.parse(["--grant-types", words], { from: "user" }).opts());
  };
  expect(read(`password ${grantType}`)).toEqual({ grant_types: ["password", grantType] });
  expect(() => read("urn:example:other")).toThrow(grantType);
});
