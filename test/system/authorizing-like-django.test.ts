import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CALLBACK } from "../support/browsing.ts";
import { describeWithDebian } from "../support/debian.ts";
import { ACCOUNT, APPLICATIONS } from "../support/django/authorization-cast.ts";
import {
  type AuthorizationServer,
  djangoServer,
  ourEntries,
  ourServer,
  PAGES_OF_DJANGO,
  withoutCode,
} from "../support/django/django-authorization.ts";
import {
  DIFFERENT,
  EXCHANGES,
  returned,
  SAME,
  SIGNED_OUT,
} from "../support/django/django-authorization-cases.ts";
import { type DjangoSite, startDjangoSite } from "../support/django/django-site.ts";
import { ownDir } from "../support/own-state.ts";
import { ServerSandbox } from "../support/server-sandbox.ts";
import type { WorkerdProcess } from "../support/workerd-process.ts";

describeWithDebian(
  ["python3-django-oauth-toolkit", "gunicorn"],
  "compared with django-oauth-toolkit",
  () => {
    const folder = ownDir();
    let site: DjangoSite;
    let sandbox: ServerSandbox;
    let server: WorkerdProcess;
    let ours: AuthorizationServer;
    let django: AuthorizationServer;
    beforeAll(async () => {
      site = await startDjangoSite(folder);
      await site.restartWith(PAGES_OF_DJANGO);
      const applications = Object.entries(APPLICATIONS).map(([client_id, application]) => {
        return { client_id, ...application };
      });
      await site.make({ users: [ACCOUNT], applications });
      sandbox = await ServerSandbox.create({}, ourEntries());
      server = await sandbox.start();
      [ours, django] = [ourServer(server.url), djangoServer(site)];
    });
    afterAll(async () => {
      await Promise.all([site?.stop(), server?.kill()]);
      sandbox?.remove();
    });

    describe("an authorization request has the same result:", () => {
      test.each(SAME)("%s", async (_, changes, expected) => {
        expect({ here: await ours.open(changes), atDjango: await django.open(changes) }).toEqual({
          here: expected,
          atDjango: expected,
        });
      });

      test.each(["allow", "deny"] as const)("the decision to %s", async (decision) => {
        const expected = returned(decision === "allow" ? "code" : "access_denied");
        for (const each of [ours, django]) {
          expect(withoutCode(await each.decide({}, decision))).toBe(expected);
        }
        // Without a state in the request there is none in the redirect.
        for (const each of [ours, django]) {
          const outcome = withoutCode(await each.decide({ state: undefined }, decision));
          expect(outcome).toBe(expected.replace("state xyz ", ""));
        }
      });
    });

    test.each(DIFFERENT)(
      "an authorization request has another result: %s",
      async (_, changes, here, atDjango) => {
        expect({ here: await ours.open(changes), atDjango: await django.open(changes) }).toEqual({
          here,
          atDjango,
        });
      },
    );

    test.each(SIGNED_OUT)(
      "before the sign-in, Django asks for it whatever comes: %s",
      async (_, changes, here) => {
        expect({
          here: await ours.open(changes, true),
          atDjango: await django.open(changes, true),
        }).toEqual({
          here,
          atDjango: "sign-in",
        });
      },
    );

    test.each(EXCHANGES)(
      "an exchange $title",
      async ({ changes = {}, fields = {}, as = "web", secret, here, atDjango = here }) => {
        const caller = { id: as, ...(secret === undefined ? {} : { secret }) };
        const result = async (server: AuthorizationServer) => {
          const code = await server.obtainCode(changes);
          const { status, body } = await server.exchange(code, fields, caller);
          return [status, body["error"]].filter((part) => part !== undefined).join(" ");
        };
        expect({ here: await result(ours), atDjango: await result(django) }).toEqual({
          here,
          atDjango,
        });
      },
    );

    test("an exchange returns the same members, and a second one is rejected", async () => {
      const results = [];
      for (const each of [ours, django]) {
        const code = await each.obtainCode({});
        const exchange = () => each.exchange(code, { redirect_uri: CALLBACK }, { id: "web" });
        const { body } = await exchange();
        const again = await exchange();
        const { token_type, expires_in, scope } = body;
        const members = Object.keys(body).sort();
        results.push({ members, token_type, scope, again: again.body["error"] });
        // Django's default is ten hours; its site here has one, as the service has.
        expect(expires_in).toBe(3600);
      }
      expect(results[0]).toEqual(results[1]);
    });
  },
);
