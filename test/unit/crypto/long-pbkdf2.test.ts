import { describe, expect, test } from "vitest";
import { toBase64, utf8 } from "../../../src/crypto/bytes.ts";
import { ITERATIONS_PER_STRETCH, longPbkdf2 } from "../../../src/crypto/long-pbkdf2.ts";

/** Made by `crypto.pbkdf2Sync` of Node. */
const VECTORS = [
  ["correct horse", "seasalt", 1, "PlTOJ9FOrJT8jStMtfSdF0DuEKRYssXx5nkDdoxkYVw="],
  ["correct horse", "seasalt", 2, "Q0o7I/xmmk5cSU+MBr6kK+XZIleuX6pCJGkWIQwzfto="],
  ["correct horse", "seasalt", 1000, "mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso="],
  ["correct horse", "seasalt", 1001, "MUEcA2NN3YSm0UaojHsIEzzkvi7g/i3B0YCHKQ0TOrA="],
  ["correct horse", "seasalt", 1002, "MkFQrksRBOdIEBhyu7zm4GNWFNTNddvLbbXgD62UbCk="],
  ["pässwörd 密码", "sé,= l", 2500, "/7Z1nEKzGcnsconJl3x+qKizMN3GXIAfWhw/eUnLyeE="],
  ["x".repeat(200), "s".repeat(128), 3, "uSZ+tAJWXg9BGrR7dosPBzxVfHhCgttw+tDgXyJBgYc="],
] as const;

describe("PBKDF2 in JavaScript", () => {
  test.each(VECTORS)("is Node's for %s, %s and %d iterations", async (password, salt, n, key) => {
    expect(toBase64(await longPbkdf2(password, utf8(salt), n))).toBe(key);
  });

  test("is the same, whatever runs during its pauses", async () => {
    const derive = (password: string, pause: () => Promise<unknown>) => {
      return longPbkdf2(password, utf8("seasalt"), ITERATIONS_PER_STRETCH * 2, pause);
    };
    const pause = () => scheduler.wait(0);
    const [one, other] = await Promise.all([derive("one", pause), derive("other", pause)]);
    expect(one).toEqual(await derive("one", async () => undefined));
    expect(other).toEqual(await derive("other", async () => undefined));
  });

  test.each([
    [1, 0],
    [ITERATIONS_PER_STRETCH, 0],
    [ITERATIONS_PER_STRETCH + 1, 0],
    [ITERATIONS_PER_STRETCH + 2, 1],
    [ITERATIONS_PER_STRETCH * 5, 4],
  ])("of %d iterations pauses %d times", async (iterations, expected) => {
    let pauses = 0;
    await longPbkdf2("correct horse", utf8("seasalt"), iterations, async () => {
      pauses += 1;
    });
    expect(pauses).toBe(expected);
  });
});
