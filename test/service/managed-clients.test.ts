import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { rotateClientSecret } from "../../src/admin/client-secrets.ts";
import {
  createClient,
  setClientDisabled,
  showClient,
  updateClient,
} from "../../src/admin/clients.ts";
import type { AdminDeps } from "../../src/admin/deps.ts";
import { CLIENT_SECRET_PREFIX } from "../../src/protocol/names.ts";
import { beforeFirstWrite, dumpRegistry, managementTools } from "../support/management.ts";
import { createService, LOGIN, registerDefaults, type TokenAnswer } from "../support/service.ts";

const service = createService();
let tools: AdminDeps;
let number = 0;
let id = "";
let secret = "";

/** The old secret stays valid until it is revoked. */
const ROTATION = { secret: null, oldEndsAtMs: null, endsOld: false };

beforeAll(async () => {
  tools = await managementTools();
  await registerDefaults(service);
});

beforeEach(async () => {
  number += 1;
  id = `managed-${number}`;
  secret = (await createClient({ client_id: id }, tools)).secret ?? "";
});

const logIn = (presented: string) => service.token<TokenAnswer>(LOGIN, `${id}:${presented}`);
const statusWith = async (presented: string) => (await logIn(presented)).status;
const refresh = ({ body }: { body: TokenAnswer }, presented: string) => {
  const fields = { grant_type: "refresh_token", refresh_token: body.refresh_token };
  return service.token(fields, `${id}:${presented}`);
};

describe("a made client", () => {
  test("has a secret of 256 bits that works", async () => {
    expect(secret).toMatch(new RegExp(`^${CLIENT_SECRET_PREFIX}[\\w-]{43}$`));
    expect(await statusWith(secret)).toBe(200);
  });

  test("has no secret to show when it is public", async () => {
    const input = { client_id: `${id}-app`, token_endpoint_auth_method: "none" };
    expect(await createClient(input, tools)).toEqual({ clientId: `${id}-app`, secret: null });
  });
});

describe("a rotated secret", () => {
  test("works together with the old one, which ends at the second rotation", async () => {
    const second = (await rotateClientSecret(id, ROTATION, tools)).secret ?? "";
    expect([await statusWith(secret), await statusWith(second)]).toEqual([200, 200]);
    const third = (await rotateClientSecret(id, ROTATION, tools)).secret ?? "";
    const statuses = [secret, second, third].map(statusWith);
    expect(await Promise.all(statuses)).toEqual([401, 200, 200]);
  });

  test("ends the old one at its date", async () => {
    const endsAtMs = Date.now() + 60_000;
    await rotateClientSecret(id, { ...ROTATION, oldEndsAtMs: endsAtMs }, tools);
    expect(await statusWith(secret)).toBe(200);
    vi.spyOn(Date, "now").mockReturnValue(endsAtMs);
    expect(await statusWith(secret)).toBe(401);
    vi.restoreAllMocks();
  });

  test("is not the secret that it replaces", async () => {
    const same = rotateClientSecret(id, { ...ROTATION, secret }, tools);
    await expect(same).rejects.toMatchObject({ reason: "invalid" });
  });

  test("loses none of two rotations at once", async () => {
    const first = rotateClientSecret(id, ROTATION, tools);
    const made = await Promise.all([first, rotateClientSecret(id, ROTATION, tools)]);
    const statuses = await Promise.all(made.map((one) => statusWith(one.secret ?? "")));
    expect([...statuses, await statusWith(secret)]).toEqual([200, 200, 401]);
  });

  test("is none for a client without one", async () => {
    await updateClient(id, { token_endpoint_auth_method: "none" }, tools);
    const refused = rotateClientSecret(id, ROTATION, tools);
    await expect(refused).rejects.toMatchObject({ reason: "invalid" });
  });
});

describe("an updated client", () => {
  test("is retried after a concurrent change", async () => {
    const rival = () => updateClient(id, { client_name: "Rival" }, tools);
    await updateClient(id, { scope: "read" }, beforeFirstWrite(tools, rival));
    expect(await showClient(id, tools)).toMatchObject({ client_name: "Rival", scope: "read" });
  });

  test("never gets fields that contradict each other, even from two at once", async () => {
    const audience = ["https://api.example.com"];
    await updateClient(id, { audience }, tools);
    const rival = () => updateClient(id, { audience: undefined }, tools);
    const update = updateClient(id, { access_token_format: "jwt" }, beforeFirstWrite(tools, rival));
    await expect(update).rejects.toMatchObject({ reason: "invalid" });
    expect(await showClient(id, tools)).toMatchObject({ access_token_format: "opaque" });
  });

  test("loses its secret with the method, and gets another with the next", async () => {
    await updateClient(id, { token_endpoint_auth_method: "none" }, tools);
    expect(await showClient(id, tools)).toMatchObject({ has_secret: false });
    const changed = await updateClient(
      id,
      { token_endpoint_auth_method: "client_secret_post" },
      tools,
    );
    expect([await statusWith(secret), await statusWith(changed.secret ?? "")]).toEqual([401, 200]);
  });

  test.each([
    ["client_secret", "x"],
    ["secret_record", "x"],
    ["client_id", "x"],
  ])("keeps its %s", async (field, value) => {
    const before = await dumpRegistry();
    const update = updateClient(id, { [field]: value }, tools);
    await expect(update).rejects.toMatchObject({ problems: [`${field}: cannot be updated`] });
    expect(await dumpRegistry()).toEqual(before);
  });
});

test("a disabled client's sessions end, and stay so when it is enabled", async () => {
  const session = await logIn(secret);
  await setClientDisabled(id, true, tools);
  expect(await statusWith(secret)).toBe(401);
  await setClientDisabled(id, false, tools);
  expect((await refresh(session, secret)).status).toBe(400);
  expect(await statusWith(secret)).toBe(200);
});
