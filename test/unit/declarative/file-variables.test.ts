import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeVariables, substituteVariables } from "../../../src/declarative/file-variables.ts";

const VARIABLES = { NAME: "value", EMPTY: "", OTHER: "$" + "{NAME}" };

/** `${name}`, without looking like a template literal. */
const placeholder = (name: string) => `$${"{"}${name}}`;

describe("a variable in a file", () => {
  test.each([
    ["alone", placeholder("NAME"), "value"],
    ["twice within a string", `a${placeholder("NAME")}b${placeholder("NAME")}`, "avaluebvalue"],
    ["that is empty", placeholder("EMPTY"), ""],
    ["whose value looks like another", placeholder("OTHER"), placeholder("NAME")],
    ["escaped", `$${placeholder("NAME")}`, placeholder("NAME")],
    ["unless dollar and brace are apart", "$ {NAME} $NAME", "$ {NAME} $NAME"],
  ])("%s", (_, text, substituted) => {
    expect(substituteVariables({ a: [text] }, VARIABLES)).toEqual({ a: [substituted] });
  });

  test("leaves names of members and other values alone", () => {
    const json = { [placeholder("NAME")]: 1, a: [true, null, 2.5] };
    expect(substituteVariables(json, VARIABLES)).toEqual(json);
  });

  test("that is missing is named with its position; all are named", () => {
    const json = {
      clients: [{}, { client_secret: placeholder("NONE") }],
      users: [{ claims: { a: placeholder("toString") } }],
    };
    expect(() => substituteVariables(json, VARIABLES)).toThrow(
      expect.objectContaining({
        problems: [
          "clients[1].client_secret: environment variable NONE is not set",
          "users[0].claims.a: environment variable toString is not set",
        ],
      }),
    );
  });

  test.each([placeholder(""), placeholder("a b"), placeholder("1A"), `$${"{"}NAME`])(
    "written as %s is rejected, and not quoted",
    (text) => {
      expect(() => substituteVariables({ a: text }, VARIABLES)).toThrow(
        expect.objectContaining({ problems: [expect.stringMatching(/^a: contains \$\{ without/)] }),
      );
    },
  );

  test("in JSON that is nested too deeply is rejected, as a problem of the file", () => {
    const deep = JSON.parse("[".repeat(5000) + "]".repeat(5000));
    expect(() => substituteVariables(deep, VARIABLES)).toThrow(
      expect.objectContaining({ problems: ["file: nested too deeply"] }),
    );
  });
});

test("an escaped text is restored", () => {
  const text = fc.array(fc.constantFrom("$", "{", "}", "NAME", "a"), { maxLength: 12 });
  const value = text.map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.record({ a: value, b: fc.array(value), c: fc.integer() }), (json) => {
      expect(substituteVariables(escapeVariables(json), VARIABLES)).toEqual(json);
    }),
  );
});
