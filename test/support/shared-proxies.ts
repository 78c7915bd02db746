import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, vi } from "vitest";
import type { GetPlatformProxyOptions, PlatformProxy } from "wrangler";

/** Open proxies of this file, by their state and bindings. */
const proxies = new Map<string, Promise<PlatformProxy>>();

/**
 * Opening local state starts a workerd, which takes most of the time of a command. The commands
 * that run in this process share one for each state and set of bindings, until the file ends.
 */
vi.doMock("wrangler", async (importOriginal) => {
  const wrangler = await importOriginal<typeof import("wrangler")>();

  async function getPlatformProxy(options: GetPlatformProxyOptions = {}) {
    const { configPath, persist, remoteBindings } = options;
    const path = typeof persist === "object" ? persist.path : undefined;
    const isShared = remoteBindings === false && configPath !== undefined && path !== undefined;
    // A state that has no database yet may be removed and made again.
    if (!isShared || !existsSync(join(path, "d1"))) return wrangler.getPlatformProxy(options);
    const key = `${path} ${readFileSync(configPath, "utf8")}`;
    const proxy = proxies.get(key) ?? wrangler.getPlatformProxy(options);
    proxies.set(key, proxy);
    return { ...(await proxy), dispose: async () => undefined };
  }

  return { ...wrangler, getPlatformProxy };
});

afterAll(async () => {
  for (const proxy of proxies.values()) await (await proxy).dispose();
});
