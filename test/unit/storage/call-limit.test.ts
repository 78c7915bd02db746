import { expect, test } from "vitest";
import { createCallLimit } from "../../../src/storage/call-limit.ts";
import { mapUseOf } from "../../support/largest-map.ts";

/** Of a caller who hung up: nothing behind its `await` runs. */
const cutOff = () => new Promise<never>(() => {});

test("calls that were cut off are forgotten, though nobody calls those objects again", async () => {
  let nowMs = 1_800_000_000_000;
  const limit = createCallLimit("throttle_busy", () => nowMs);
  // Lasting longer than all of them, and called first.
  void limit.run("hot", cutOff);
  const { entries } = await mapUseOf(async () => {
    for (let number = 0; number < 1000; number += 1) {
      nowMs += 1000;
      void limit.run(`object ${number}`, cutOff);
      void limit.run("hot", cutOff);
    }
  });
  // What was called in the last six seconds, twice as long to come to the front, and the hot one.
  expect(entries).toBeLessThan(20);
});
