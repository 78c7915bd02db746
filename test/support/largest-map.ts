import { vi } from "vitest";

/** What maps held, at most, while something ran. */
interface MapUse {
  readonly entries: number;
  /** Characters of the longest key. */
  readonly keyLength: number;
}

/** Watches every map that is written while something runs: memory itself cannot be asked. */
export async function mapUseOf(run: () => Promise<void>): Promise<MapUse> {
  let [entries, keyLength] = [0, 0];
  const { set } = Map.prototype;
  const spy = vi.spyOn(Map.prototype, "set").mockImplementation(function (
    this: Map<unknown, unknown>,
    key: unknown,
    value: unknown,
  ) {
    set.call(this, key, value);
    entries = Math.max(entries, this.size);
    if (typeof key === "string") keyLength = Math.max(keyLength, key.length);
    return this;
  });
  try {
    await run();
  } finally {
    spy.mockRestore();
  }
  return { entries, keyLength };
}
