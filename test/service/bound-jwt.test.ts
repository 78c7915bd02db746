import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, concat, fromHex } from "../../src/crypto/bytes.ts";
import { deriveKeyRing, parseRingKeys } from "../../src/crypto/key-ring.ts";
import { sealToken } from "../../src/crypto/seal.ts";
import { digestOwner } from "../../src/tokens/access-token.ts";
import {
  API,
  ISSUER,
  introspect,
  JWT_CLIENT,
  registerCheckers,
  TOKENS,
} from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { type Claims, readJws, signer, writeJws } from "../support/jws.ts";
import { serviceKey } from "../support/keys.ts";
import { MANAGED, registerSite, send } from "../support/managing.ts";
import { ask, granted, logIn } from "../support/requests.ts";
import { createService, OWN, registerDefaults } from "../support/service.ts";

const service = createService();
const ACTIVE = { body: { active: true } };
const INACTIVE = { status: 200, body: { active: false } };

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
  await registerSite();
});
stopClock();

async function own(fields: Record<string, string> = {}): Promise<string> {
  return granted(await ask(service, { ...OWN, ...fields }, JWT_CLIENT)).access_token;
}

/** The same token with other claims, signed with the right key. */
function resigned(token: string, claims: Claims): Promise<string> {
  const { header, payload } = readJws(token);
  return writeJws(header, { ...payload, ...claims }, signer(serviceKey()));
}

describe("a jti under other claims than its own, though the right key signed them,", () => {
  const CHANGES: [string, Claims][] = [
    ["a wider scope", { scope: "read write groups introspection admin" }],
    ["another client", { client_id: "client", sub: "client" }],
    ["a user", { sub: "somebody", sub_kind: "user" }],
    ["another kind of subject", { sub_kind: "neither" }],
    ["another audience", { aud: ISSUER }],
    ["another issuer", { iss: "https://other.example" }],
    ["a longer life", { exp: Math.floor(Date.now() / 1000) + 86_400 }],
    ["a later time of issue", { iat: Math.floor(Date.now() / 1000) + 1000 }],
    ["a role", { roles: ["admin"] }],
    ["a not-before", { nbf: 1 }],
  ];

  test.each(CHANGES)("is accepted nowhere: %s", async (_, claims) => {
    for (const token of [await own(), (await logIn(service, {}, JWT_CLIENT)).access_token]) {
      const forged = await resigned(token, claims);
      expect(await introspect(service, forged)).toMatchObject(INACTIVE);
      for (const consistency of ["strict", "fast"] as const) {
        const verification = await TOKENS.verify(forged, { consistency });
        expect(verification).toEqual({ kind: "invalid_token" });
      }
      expect(await introspect(service, token)).toMatchObject(ACTIVE);
    }
  });

  test("is accepted where nothing is changed", async () => {
    expect(await introspect(service, await resigned(await own(), {}))).toMatchObject(ACTIVE);
  });

  test("does not manage", async () => {
    const claims = { client_id: "site", sub: "site", scope: "admin", aud: ISSUER };
    const call = { method: "GET", path: "/admin/users" };
    const forged = await resigned(await own(), claims);
    expect((await send(call, forged, MANAGED)).status).toBe(401);
  });
});

/** A client's JWT as version 0.1 made it: its `jti` seals no claims. */
async function oldToken(claims: Claims = {}, clientId = "jwt"): Promise<string> {
  const keys = parseRingKeys(String(service.env.TOKEN_KEYS)) as readonly Bytes[];
  const { sealing } = await deriveKeyRing(keys, "token id");
  const nowMs = Date.now();
  const instant = fromHex(nowMs.toString(16).padStart(12, "0")) as Bytes;
  const nonce = crypto.getRandomValues(new Uint8Array(20));
  const owner = fromHex(await digestOwner(clientId)) as Bytes;
  const jti = await sealToken("", sealing, concat([2], nonce, owner, instant));
  const { header } = readJws(await own());
  const iat = Math.floor(nowMs / 1000);
  const payload = { iss: ISSUER, sub: clientId, aud: API, client_id: clientId, scope: "read" };
  return writeJws(
    header,
    { ...payload, iat, exp: iat + 3600, jti, ...claims },
    signer(serviceKey()),
  );
}

describe("a JWT of version 0.1", () => {
  test("works until it expires", async () => {
    const token = await oldToken();
    expect(await introspect(service, token)).toMatchObject(ACTIVE);
    expect(await TOKENS.verify(token, { consistency: "strict" })).toMatchObject({
      token: { clientId: "jwt", subject: null },
    });
    passSeconds(3599);
    expect(await introspect(service, token)).toMatchObject(ACTIVE);
    passSeconds(2);
    expect(await introspect(service, token)).toMatchObject(INACTIVE);
  });

  test("is given no longer life, no other client and no other time", async () => {
    const iat = Math.floor(Date.now() / 1000);
    const longer = await oldToken({ exp: iat + 86_400 });
    passSeconds(3601);
    expect(await introspect(service, longer)).toMatchObject(INACTIVE);
    const other = await oldToken({ client_id: "client", sub: "client" });
    expect(await introspect(service, other)).toMatchObject(INACTIVE);
    expect(await introspect(service, await oldToken({ iat: iat - 60 }))).toMatchObject(INACTIVE);
  });
});
