import { join } from "node:path";
import { readD1Migrations } from "@cloudflare/vitest-plugin";
import { exportJWK, generateKeyPair } from "jose";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { importRefreshTokens, newDotToken } from "../support/dot-tokens.ts";
import { ownDir } from "../support/own-state.ts";
import {
  type Build,
  CALLER,
  deploymentOptions,
  PREVIOUS,
  previousMigrations,
  previousStatements,
} from "../support/previous-version.ts";
import { buildWorker } from "../support/workerd-options.ts";

const folder = ownDir();
const stateDir = join(folder, "state");

/** The Worker of this checkout, with only the previous version's settings. */
const CURRENT: Build = { ...PREVIOUS, dir: join(folder, "worker"), file: "index.js" };

const secrets: Record<string, string> = { TOKEN_KEYS: "5e".repeat(32) };

interface Pair {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly scope: string;
}

/** Tokens of the previous version, issued before the upgrade. */
const issued: Record<string, Pair> = {};
const importedToken = newDotToken();

beforeAll(async () => {
  buildWorker(CURRENT.dir);
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  secrets["SIGNING_KEYS"] = JSON.stringify({ keys: [await exportJWK(privateKey)] });
  await withDeployment(PREVIOUS, null, async ({ miniflare, owner }) => {
    const db = (await miniflare.getD1Database("DB")) as unknown as D1Database;
    await db.batch(previousStatements().map((statement) => db.prepare(statement)));
    await importRefreshTokens(db, [importedToken], "confidential");
    issued["opaque"] = await logIn(owner, "confidential");
    issued["to be ended"] = await logIn(owner, "confidential", "grace");
    issued["narrowed"] = await refresh(owner, "public", await logIn(owner, "public"), "read");
    issued["used"] = await logIn(owner, "confidential");
    issued["successor"] = await refresh(owner, "confidential", issued["used"]);
    issued["jwt"] = await logIn(owner, "jwt");
    issued["revoked"] = await logIn(owner, "confidential");
    await post(owner, "revoke_token", "confidential", { token: issued["revoked"].refresh_token });
    issued["client"] = await ask(owner, "confidential", { grant_type: "client_credentials" });
    issued["client jwt"] = await ask(owner, "jwt", { grant_type: "client_credentials" });
  });
  // Migrations run before the new Worker is deployed, under the old one.
  const miniflare = new Miniflare(deploymentOptions(stateDir, PREVIOUS, null, secrets));
  const db = (await miniflare.getD1Database("DB")) as unknown as D1Database;
  const migrations = await readD1Migrations(join(PROJECT_DIR, "src/storage/migrations"));
  const open = migrations.filter(({ name }) => !previousMigrations().includes(name));
  const statements = open.flatMap(({ queries }) => queries);
  if (statements.length > 0) await db.batch(statements.map((query) => db.prepare(query)));
  await miniflare.dispose();
});

describe("during a deployment", () => {
  test.each([
    { title: "the old Worker works with the new objects", owner: CURRENT, caller: PREVIOUS },
    { title: "the new Worker works with the old objects", owner: PREVIOUS, caller: CURRENT },
  ])("$title", async ({ owner, caller }) => {
    await withDeployment(owner, caller, async (urls) => {
      const urlOf = (build: Build) => (build === owner ? urls.owner : urls.caller);
      for (const clientId of ["confidential", "public", "jwt"]) {
        let pair = await logIn(urls.caller, clientId);
        let issuer = urls.caller;
        // Each request may reach either version, and the objects run one of them.
        for (const url of [urls.owner, urls.caller, urls.caller, urls.owner]) {
          // The previous version cannot read the current one's access tokens, which contain more:
          // until it is gone, it reports them inactive. They still refresh.
          const reader = issuer === urlOf(PREVIOUS) ? url : issuer;
          expect(await introspect(reader, pair.access_token)).toMatchObject({ active: true });
          issuer = url;
          const next = await refresh(url, clientId, pair);
          expect(await introspect(url, pair.access_token)).toEqual({ active: false });
          pair = next;
        }
        await post(urls.caller, "revoke_token", clientId, { token: pair.refresh_token });
        expect(await introspect(urls.owner, pair.access_token)).toEqual({ active: false });
        expect(await fails(urls.owner, clientId, pair)).toBe("invalid_grant");
      }
      for (const url of [urls.caller, urls.owner]) {
        const wrong = { grant_type: "password", username: "ada", password: "wrong" };
        expect((await send(url, "token", "confidential", wrong)).status).toBe(400);
      }
    });
  });
});

describe("after the upgrade, what the previous version issued", () => {
  let urls: Deployment;

  beforeAll(async () => {
    urls = await startDeployment(CURRENT, null);
  });
  afterAll(() => urls.miniflare.dispose());

  test.each(["opaque", "narrowed", "successor", "jwt", "client", "client jwt"])(
    "is active: %s",
    async (name) => {
      const { access_token, scope } = issued[name] as Pair;
      const answer = await introspect(urls.owner, access_token);
      expect(answer).toMatchObject({ active: true, scope });
    },
  );

  test.each(["used", "revoked"])("is inactive: %s", async (name) => {
    const { access_token } = issued[name] as Pair;
    expect(await introspect(urls.owner, access_token)).toEqual({ active: false });
  });

  test.each([
    { name: "opaque", clientId: "confidential", scope: "read write introspection" },
    { name: "narrowed", clientId: "public", scope: "read write groups introspection" },
    { name: "jwt", clientId: "jwt", scope: "read write groups introspection" },
    { name: "successor", clientId: "confidential", scope: "read write introspection" },
  ])("refreshes once: $name", async ({ name, clientId, scope }) => {
    const before = issued[name] as Pair;
    const after = await refresh(urls.owner, clientId, before);
    expect(after.scope.split(" ")).toEqual(
      expect.arrayContaining(scope.split(" ").filter((word) => word !== "introspection")),
    );
    expect(await introspect(urls.owner, after.access_token)).toMatchObject({ active: true });
    expect(await introspect(urls.owner, before.access_token)).toEqual({ active: false });
    expect(await fails(urls.owner, clientId, before)).toBe("invalid_grant");
  });

  test.each(["used", "revoked"])("does not refresh: %s", async (name) => {
    expect(await fails(urls.owner, "confidential", issued[name] as Pair)).toBe("invalid_grant");
  });

  test("continues from another server's token, once", async () => {
    const imported = { access_token: "", refresh_token: importedToken, scope: "read" };
    const next = await refresh(urls.owner, "confidential", imported);
    expect(await introspect(urls.owner, next.access_token)).toMatchObject({ active: true });
    expect(await fails(urls.owner, "confidential", imported)).toBe("invalid_grant");
  });

  test("ends when its user is disabled", async () => {
    const db = (await urls.miniflare.getD1Database("DB")) as unknown as D1Database;
    const end = "UPDATE users SET is_active = 0 WHERE username = 'grace'";
    await db.prepare(end).run();
    const pair = issued["to be ended"] as Pair;
    expect(await introspect(urls.owner, pair.access_token)).toEqual({ active: false });
    expect(await fails(urls.owner, "confidential", pair)).toBe("invalid_grant");
  });
});

interface Deployment {
  readonly miniflare: Miniflare;
  readonly owner: string;
  /** The same as {@link owner} when one Worker runs alone. */
  readonly caller: string;
}

async function startDeployment(owner: Build, caller: Build | null): Promise<Deployment> {
  const miniflare = new Miniflare(deploymentOptions(stateDir, owner, caller, secrets));
  const ownerUrl = (await miniflare.unsafeGetDirectURL("tollgate")).href;
  const callerUrl = caller === null ? ownerUrl : (await miniflare.unsafeGetDirectURL(CALLER)).href;
  return { miniflare, owner: ownerUrl, caller: callerUrl };
}

async function withDeployment(
  owner: Build,
  caller: Build | null,
  use: (deployment: Deployment) => Promise<void>,
): Promise<void> {
  const deployment = await startDeployment(owner, caller);
  try {
    await use(deployment);
  } finally {
    await deployment.miniflare.dispose();
  }
}

type Fields = Readonly<Record<string, string>>;

function send(url: string, endpoint: string, clientId: string, fields: Fields) {
  const credentials =
    clientId === "public"
      ? { client_id: clientId }
      : { client_id: clientId, client_secret: "secret" };
  return fetch(new URL(`/o/${endpoint}/`, url), {
    method: "POST",
    body: new URLSearchParams({ ...credentials, ...fields }),
  });
}

/** @returns the text of a 200 */
async function post(url: string, endpoint: string, clientId: string, fields: Fields) {
  const response = await send(url, endpoint, clientId, fields);
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status: 200 });
  return text;
}

async function ask(url: string, clientId: string, fields: Fields): Promise<Pair> {
  return JSON.parse(await post(url, "token", clientId, fields));
}

function logIn(url: string, clientId: string, username = "ada"): Promise<Pair> {
  return ask(url, clientId, { grant_type: "password", username, password: "correct horse" });
}

function refresh(
  url: string,
  clientId: string,
  { refresh_token }: Pair,
  scope = "",
): Promise<Pair> {
  return ask(url, clientId, { grant_type: "refresh_token", refresh_token, scope });
}

/** @returns the error of a refresh that must fail */
async function fails(url: string, clientId: string, { refresh_token }: Pair): Promise<string> {
  const fields = { grant_type: "refresh_token", refresh_token };
  const response = await send(url, "token", clientId, fields);
  const body = (await response.json()) as { error: string };
  expect(response.status).toBe(400);
  return body.error;
}

async function introspect(url: string, token: string): Promise<unknown> {
  return JSON.parse(await post(url, "introspect", "confidential", { token }));
}
