import { beforeAll, describe, expect, test } from "vitest";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

/** The files of `src` with a function that runs during a request, deferred work included. */
async function filesEnteredBy(name: string, request: () => Promise<unknown>) {
  const entered = new Set<string>();
  // What test/support/entered-files.ts makes each function of src write to.
  Object.assign(globalThis, { enteredFiles: entered });
  await request();
  await scheduler.wait(100);
  Object.assign(globalThis, { enteredFiles: undefined });
  const files = [...entered].sort();
  console.log(`${name}, ${files.length} files:\n${files.join("\n")}`);
  return files;
}

// The rate limits, which most tests turn off, are on as deployed.
describe.each([
  { rateLimits: "off", loginMax: 35, refreshMax: 33 },
  { rateLimits: "on", loginMax: 40, refreshMax: 33 },
])("with rate limits $rateLimits", ({ rateLimits, loginMax, refreshMax }) => {
  const service = createService({ RATE_LIMITS: rateLimits });

  beforeAll(async () => {
    await registerDefaults(service);
    // The first request composes the service.
    await logIn(service);
  });

  test(`a password login enters at most ${loginMax} files`, async () => {
    const files = await filesEnteredBy(`password login, limits ${rateLimits}`, async () => {
      granted(await ask(service, LOGIN));
    });
    expect(files).toContain("src/users/sign-in.ts");
    expect(files.length).toBeLessThanOrEqual(loginMax);
  });

  test(`a refresh enters at most ${refreshMax} files`, async () => {
    const { refresh_token } = await logIn(service);
    const files = await filesEnteredBy(`refresh, limits ${rateLimits}`, async () => {
      granted(await refresh(service, refresh_token));
    });
    expect(files).toContain("src/issuer/rotate.ts");
    expect(files.length).toBeLessThanOrEqual(refreshMax);
  });
});
