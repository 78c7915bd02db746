import { beforeAll, describe, expect, test, vi } from "vitest";
import { dumpStorage } from "../support/at-rest.ts";
import { CANARIES, sightingsIn, spellingsOf } from "../support/canaries.ts";
import { stopClock } from "../support/clock.ts";
import { callsOf, legacySettings } from "../support/legacy.ts";
import { LEGACY_CLIENT } from "../support/legacy-accounts.ts";
import { createStage, registerCast } from "../support/provocation-stage.ts";
import { PROVOCATIONS } from "../support/provocations.ts";
import type { TokenAnswer } from "../support/service.ts";
import { WATCHING, watch } from "../support/watched.ts";

/** A long hash takes a second, and more where tests share a processor. */
vi.setConfig({ testTimeout: 120_000 });
beforeAll(registerCast);
stopClock();
const watched = watch();

/** Answers that refuse: what a client is told. */
const refusals: unknown[] = [];
/** Tokens, and what passes between the service and the old token endpoint. */
const issued: Record<string, string> = {
  "old client's secret": LEGACY_CLIENT.secret,
  "old token": "legacy-access-token",
};

/** Keeps every response of the service, and the tokens in it. */
const stage = createStage(WATCHING, keepAnswer);

async function keepAnswer(response: Response): Promise<void> {
  const body = await response.text();
  if (response.status >= 400) refusals.push([...response.headers], body);
  else if (body.includes("access_token")) keep(JSON.parse(body));
}

function keep({ access_token, refresh_token }: TokenAnswer): void {
  const number = Object.keys(issued).length;
  issued[`access token ${number}`] = access_token.replace("tga_", "");
  if (refresh_token !== undefined) issued[`refresh token ${number}`] = refresh_token.slice(4);
}

const secrets = () => ({ ...CANARIES, ...issued });

describe("nothing that a caller sends, and no token, is written down or told", () => {
  test.each(Object.entries(PROVOCATIONS))("when the reason is %s", async (reason, provoke) => {
    await provoke(stage);
    await stage.settle();
    const reached = watched.requests().map((line) => line.reason);
    expect(reached).toContain(reason);
    const { console, queue, points } = watched;
    expect(sightingsIn({ console, queue, points, refusals }, secrets())).toEqual([]);
  });

  test("when every grant and endpoint succeeds, in every kind of body", async () => {
    const { refresh_token } = await stage.tokens();
    const { access_token } = await (await stage.refresh(refresh_token)).json<TokenAnswer>();
    const own = await stage.logIn({ grant_type: "client_credentials" });
    const { access_token: token } = await own.json<TokenAnswer>();
    await stage.send({ token }, { path: "/o/revoke_token/" });
    await stage.logIn({ username: "django" }, { credentials: `imported:${CANARIES.secret}` });
    await stage.logInBy("json");
    await stage.logInBy("multipart");
    await stage.send({ token: access_token }, { path: "/o/introspect/" });
    await stage.get(`/o/introspect/?token=${access_token}&state=${CANARIES.query}`);
    await stage.send({ token: access_token }, { path: "/o/revoke_token/" });
    await stage.send({}, { path: "/o/token/", method: "OPTIONS" });
    expect(await stage.verify(access_token)).toMatchObject({ kind: "invalid_token" });
    await stage.verify(CANARIES.token);
    await stage.settle();
    expect(watched.audits().map(({ action }) => action)).toEqual(
      expect.arrayContaining([
        ...["password_rehashed", "secret_rehashed", "family_revoked", "token_revoked"],
      ]),
    );
    const { console, queue, points } = watched;
    expect(watched.requests().map(({ status }) => status)).toEqual([
      ...[200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 204],
    ]);
    expect(sightingsIn({ console, queue, points }, secrets())).toEqual([]);
  });

  test.each([
    ["lets a user in", "trusting", "newcomer", 200],
    ["says the password is wrong", "sound", CANARIES.username, 400],
    ["fails and quotes the request", "broken", CANARIES.username, 503],
    ["answers in HTML and quotes the request", "html", CANARIES.username, 503],
  ])("when the old token endpoint %s", async (_, play, username, status) => {
    const name = crypto.randomUUID();
    const moving = createStage({ ...WATCHING, ...legacySettings(play, name) }, keepAnswer);
    expect((await moving.logIn({ username })).status).toBe(status);
    await moving.settle();
    const { console, queue, points } = watched;
    expect(sightingsIn({ console, queue, points, refusals }, secrets())).toEqual([]);
    expect(await callsOf(name)).toHaveLength(1);
  });

  test("in D1, KV or the objects, except names that belong there", async () => {
    const dump = await dumpStorage();
    expect(dump.families.length).toBeGreaterThan(10);
    expect(dump.assertions).toHaveLength(1);
    expect(dump.foreign.flat()).toEqual([]);
    expect(Object.keys(issued).length).toBeGreaterThan(20);
    // The label of a session is what its client said of itself.
    const { userAgent: _, ...others } = secrets();
    expect(sightingsIn(dump, others)).toEqual([]);
  });
});

describe("the search finds a text", () => {
  const texts = { secret: "s3cret-of-Ada/ä" };
  const bytes = new TextEncoder().encode(texts.secret);
  const base64 = (prefix: string) => {
    return btoa(String.fromCharCode(...new TextEncoder().encode(`${prefix}${texts.secret}, more`)));
  };

  test.each([
    ["as it is", `a ${texts.secret}.`],
    ["as bytes", bytes],
    ["in hexadecimal", [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")],
    ["in base64", base64("")],
    ["in base64 behind one character", base64("a")],
    ["in base64 behind an id, as HTTP Basic has it", base64("client:")],
    ["in base64url", base64("id").replaceAll("+", "-").replaceAll("/", "_")],
    ["in an error", new Error(texts.secret)],
    ["in a key", { [texts.secret]: 1 }],
  ])("%s", (_, written) => {
    expect(sightingsIn({ deep: [written] }, texts)).toEqual(["secret"]);
  });

  test("in percent signs", () => {
    const percent = [...bytes].map((byte) => `%${byte.toString(16)}`).join("");
    expect(sightingsIn([percent, percent.toUpperCase()], texts)).toEqual(["secret"]);
    expect(spellingsOf("abc")).toContain("%61%62%63");
  });
});
