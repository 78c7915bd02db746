import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import * as openid from "openid-client";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { command } from "../support/commands.ts";
import { describeWithDebian } from "../support/debian.ts";
import { PAGES_OF_DJANGO, visitDjango } from "../support/django/django-authorization.ts";
import { type DjangoSite, startDjangoSite } from "../support/django/django-site.ts";
import { CALLBACK, type User, userOf } from "../support/libraries/code-client.ts";
import { signInWithOpenidClient } from "../support/libraries/openid-libraries.ts";
import { SIGNED_OUT } from "../support/libraries/openid-library.ts";
import { readWalkPage } from "../support/migration/page.ts";
import { exportClaims } from "../support/migration/sign-in.ts";
import { ownDir, ownState } from "../support/own-state.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";
import { newSigningKeys } from "../support/wire.ts";

const ADA = {
  username: "ada",
  password: "correct horse",
  first_name: "Ada",
  last_name: "Lovelace",
  email: "ada@example.com",
  // When the user signed in at the site, which says so in ID tokens.
  last_login: "2026-11-01T12:00:00Z",
};
const APPLICATION = {
  client_id: "web",
  client_secret: "secret",
  name: "The web",
  client_type: "confidential",
  authorization_grant_type: "authorization-code",
  algorithm: "RS256",
  redirect_uris: CALLBACK,
};
const SCOPE = { scope: "openid profile email read" };

/** What the site's validator says of the user: see `django-site/claims.py`. */
const CLAIMS = {
  sub: "1",
  name: "Ada Lovelace",
  preferred_username: "ada",
  email: "ada@example.com",
  locale: "en-GB",
  department: "Computing",
};

type Tokens = Awaited<ReturnType<typeof signInWithOpenidClient>>;

// One relying party, whose configuration never changes: at first Django has its issuer's address,
// and then the service. Each test builds on the previous ones.
describeWithDebian(
  ["python3-django-oauth-toolkit", "gunicorn"],
  "a relying party of django-oauth-toolkit, when its issuer's address moves",
  () => {
    const folder = ownDir();
    const stateDir = ownState();
    let site: DjangoSite;
    let service: RunningService | undefined;
    let user: User;
    let old: Tokens;
    let config: openid.Configuration;

    /** The library, started anew. DOT 1.7 has its document only at this address. */
    const startParty = () => {
      const metadata = new URL(`${site.origin}/o/.well-known/openid-configuration/`);
      const options = { execute: [openid.allowInsecureRequests] };
      const { client_id, client_secret } = APPLICATION;
      return openid.discovery(metadata, client_id, client_secret, undefined, options);
    };

    beforeAll(async () => {
      vi.stubEnv("IMPORTED_TOKENS", "on");
      site = await startDjangoSite(folder);
      await site.restartWith(PAGES_OF_DJANGO);
      await site.make({ users: [ADA], applications: [APPLICATION] });
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      await service?.stop();
      await site?.stop();
    });

    async function run(...words: string[]): Promise<void> {
      const { code, stderr } = await command(words);
      if (code !== 0) throw new Error(stderr);
    }

    test("signs in at Django", async () => {
      config = await startParty();
      old = await signInWithOpenidClient(config, visitDjango(ADA.username), SCOPE);
      expect(old.claims()).toMatchObject({ iss: `${site.origin}/o`, ...CLAIMS });
    });

    test("the site moves", { timeout: 300_000 }, async () => {
      const inSite = (name: string) => join(site.dir, name);
      await site.type("python3 manage.py dumpdata oauth2_provider auth.User --output dump.json");
      await exportClaims(site, readWalkPage("docs/moving-from-django.md").block);
      await site.stop();

      const here = ["--persist-to", stateDir];
      await run("import", "django", inSite("dump.json"), ...here);
      await run("apply", inSite("claims.json"), ...here);
      await run("client", "update", "web", "--post-logout-redirect-uris", SIGNED_OUT, ...here);

      const varsFile = inSite(".dev.vars");
      writeFileSync(varsFile, `SIGNING_KEYS='${await newSigningKeys("ES256", "RS256")}'\n`);
      const keys = ["--signing", "--vars-file", varsFile];
      const { kid = "" } = decodeProtectedHeader(old.id_token ?? "");
      await run("key", "add", "--pem-file", inSite("oidc.key"), ...keys);
      // It may begin with a hyphen.
      await run("key", "promote", ...keys, "--", kid);

      const [, SIGNING_KEYS = ""] =
        /^SIGNING_KEYS='(.*)'$/m.exec(readFileSync(varsFile, "utf8")) ?? [];
      const vars = { SIGNING_KEYS, ISSUER: `${site.origin}/o`, IMPORTED_TOKENS: "on" };
      const place = { stateDir, port: Number(new URL(site.origin).port) };
      service = await startRunningService({}, vars, place);
      user = userOf(site.origin);
    });

    test("finds the same issuer, and the key of its old ID token", async () => {
      config = await startParty();
      const { issuer, jwks_uri = "" } = config.serverMetadata();
      expect(issuer).toBe(`${site.origin}/o`);
      const keys = createRemoteJWKSet(new URL(jwks_uri));
      const checks = { issuer, audience: APPLICATION.client_id };
      const { payload } = await jwtVerify(old.id_token ?? "", keys, checks);
      expect(payload).toMatchObject(CLAIMS);
    });

    test("reads the user with its old access token", async () => {
      expect(await openid.fetchUserInfo(config, old.access_token, CLAIMS.sub)).toMatchObject(
        CLAIMS,
      );
    });

    test("refreshes with its old refresh token, and gets an ID token with the same claims", async () => {
      const tokens = await openid.refreshTokenGrant(config, old.refresh_token ?? "");
      expect(tokens.claims()).toMatchObject(CLAIMS);
      const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "");
      expect(next.claims()).toMatchObject(CLAIMS);
    });

    test("signs the user in with the old password, signed by the old key", async () => {
      const tokens = await signInWithOpenidClient(config, user.visit, SCOPE);
      expect(tokens.claims()).toMatchObject(CLAIMS);
      const keyOf = ({ id_token = "" }: Tokens) => decodeProtectedHeader(id_token).kid;
      expect(keyOf(tokens)).toBe(keyOf(old));
    });

    test("asks who is signed in with its old ID token, and signs the user out", async () => {
      const hint = { id_token_hint: old.id_token ?? "" };
      const silent = { ...SCOPE, ...hint, prompt: "none" };
      const tokens = await signInWithOpenidClient(config, user.visit, silent);
      expect(tokens.claims()).toMatchObject(CLAIMS);
      const returning = { post_logout_redirect_uri: SIGNED_OUT, state: "bye" };
      const page = await user.open(openid.buildEndSessionUrl(config, { ...hint, ...returning }));
      // It does not name the browser session, so the user is asked.
      expect(page).toMatchObject({ status: 200, location: null });
      const { location } = await user.submit(page, {});
      expect(location?.href).toBe(`${SIGNED_OUT}?state=bye`);
      await expect(signInWithOpenidClient(config, user.visit, silent)).rejects.toMatchObject({
        error: "login_required",
      });
    });
  },
);
