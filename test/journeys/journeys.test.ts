import { beforeAll, expect, test } from "vitest";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();

beforeAll(async () => {
  await registerDefaults(service);
  // The first request composes the service.
  await logIn(service);
});

/** The files of `src` with a function that runs during a request, deferred work included. */
async function filesEnteredBy(request: () => Promise<unknown>): Promise<readonly string[]> {
  const entered = new Set<string>();
  // What test/support/entered-files.ts makes each function of src write to.
  Object.assign(globalThis, { enteredFiles: entered });
  await request();
  await scheduler.wait(100);
  Object.assign(globalThis, { enteredFiles: undefined });
  return [...entered].sort();
}

test("a password login enters at most 38 files", async () => {
  const files = await filesEnteredBy(async () => granted(await ask(service, LOGIN)));
  console.log(`password login, ${files.length} files:\n${files.join("\n")}`);
  expect(files).toContain("src/users/sign-in.ts");
  expect(files.length).toBeLessThanOrEqual(38);
});

test("a refresh enters at most 36 files", async () => {
  const { refresh_token } = await logIn(service);
  const files = await filesEnteredBy(async () => granted(await refresh(service, refresh_token)));
  console.log(`refresh, ${files.length} files:\n${files.join("\n")}`);
  expect(files).toContain("src/issuer/rotate.ts");
  expect(files.length).toBeLessThanOrEqual(36);
});
