import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toParams } from "../../../src/endpoints/read-params.ts";
import { Refusal } from "../../../src/errors/refusal.ts";
import { PARAMETERS_MAX } from "../../../src/protocol/params.ts";
import { anyText } from "../../support/arbitraries.ts";

type Pair = [name: string, value: string];

const name = fc.oneof(
  fc.constantFrom("scope", "Scope", "__proto__", "constructor", "toString", "client", ""),
  anyText(8),
);
const pairs = fc.array(fc.tuple(name, fc.oneof(fc.constant(""), anyText(8))), { maxLength: 12 });
const numbered = (length: number): Pair[] => {
  return Array.from({ length }, (_, index) => [`p${index}`, "x"]);
};

function reasonOf(input: readonly Pair[]): string | null {
  try {
    toParams(input);
    return null;
  } catch (error) {
    return error instanceof Refusal ? error.reason : String(error);
  }
}

describe("request parameters", () => {
  test("are the pairs with a value, when no name is repeated", () => {
    fc.assert(
      fc.property(pairs, (input) => {
        const names = input.map(([each]) => each);
        if (names.some((each, index) => names.indexOf(each) < index)) {
          expect(reasonOf(input)).toBe("repeated_parameter");
          return;
        }
        const params = toParams(input);
        for (const [each, value] of input) {
          expect(params.get(each)).toBe(value === "" ? undefined : value);
          expect(params.has(each)).toBe(value !== "");
        }
        expect(params.size).toBe(input.filter(([, value]) => value !== "").length);
      }),
    );
  });

  test("contain only values that were sent, whatever their names", () => {
    const params = toParams([["__proto__", "polluted"]]);
    expect(params.get("__proto__")).toBe("polluted");
    expect(params.get("polluted")).toBeUndefined();
    expect(params.get("constructor")).toBeUndefined();
    expect(params.get("toString")).toBeUndefined();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  test("are at most 64, empty ones counted", () => {
    expect(PARAMETERS_MAX).toBe(64);
    expect(reasonOf(numbered(64))).toBeNull();
    expect(reasonOf(numbered(65))).toBe("too_many_parameters");
    expect(reasonOf([...numbered(64), ["empty", ""]])).toBe("too_many_parameters");
    expect(reasonOf([...numbered(64), ["p0", "x"]])).toBe("too_many_parameters");
  });
});

test("a rejection has a reason and quotes nothing", () => {
  const secret: Pair = ["password", "hunter2"];
  try {
    toParams([secret, secret]);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ name: "Refusal", message: "repeated_parameter" });
    expect(JSON.stringify(error)).not.toContain("hunter2");
  }
});
