/**
 * Runs the built Worker in miniflare for `workerd-process.ts`, which sends the options and wants
 * the URL back. A process of its own, so that it and its workerd can be killed at any instant.
 */
import { Miniflare } from "miniflare";
import type { FromChild, ToChild } from "./workerd-process.ts";

process.once("message", async ({ options }: ToChild) => {
  const miniflare = new Miniflare({
    ...options,
    // miniflare would hide that workerd crashed by starting another.
    unsafeHandleRuntimeRestart: () => process.exit(1),
  });
  // The parent process has ended, so this must end too.
  process.once("disconnect", () => miniflare.dispose().finally(() => process.exit(0)));
  try {
    await miniflare.ready;
    report({ kind: "ready", url: (await miniflare.unsafeGetDirectURL()).href });
  } catch (error) {
    report({ kind: "failed", reason: String(error) });
  }
});

function report(message: FromChild): void {
  process.send?.(message);
}
