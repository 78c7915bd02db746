import { expect, test } from "vitest";
import { createCallLimit } from "../../src/isolate.ts";
import { mapUseOf } from "../support/largest-map.ts";

/** A call of a caller that disconnected: nothing after its `await` runs. */
const cutOff = () => new Promise<never>(() => {});

test("calls that were cut off are removed without another call to their objects", async () => {
  let nowMs = 1_800_000_000_000;
  const limit = createCallLimit("throttle_busy", () => nowMs);
  // It lasts longer than all others, and is the first.
  void limit.run("hot", cutOff);
  const { entries } = await mapUseOf(async () => {
    for (let number = 0; number < 1000; number += 1) {
      nowMs += 1000;
      void limit.run(`object ${number}`, cutOff);
      void limit.run("hot", cutOff);
    }
  });
  // The calls of the last six seconds, up to twice as many before they are removed, and "hot".
  expect(entries).toBeLessThan(20);
});
