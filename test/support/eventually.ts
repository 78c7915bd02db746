import { vi } from "vitest";

/** Waits for what goes on after a response. Fails only if it never comes: how soon is no matter. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(holds, { timeout: 30_000, interval: 10 });
}
