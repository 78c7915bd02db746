import { describe, expect, test } from "vitest";
import { hasControlCharacter } from "../../../src/protocol/params.ts";

describe("a control character", () => {
  test("is U+0000 to U+001F and U+007F, and nothing else, at any position", () => {
    for (let code = 0; code <= 0xff; code += 1) {
      const isControl = code < 0x20 || code === 0x7f;
      const character = String.fromCharCode(code);
      for (const text of [character, `a${character}`, `${character}a`, `a${character}b`]) {
        expect(hasControlCharacter(text), `U+${code.toString(16)}`).toBe(isControl);
      }
    }
    expect(hasControlCharacter("")).toBe(false);
    expect(hasControlCharacter("pässwörd 密码 \u{1f511}")).toBe(false);
  });
});
