import { describe, expect, test } from "vitest";
import { type ClientEntry, parseClientEntry } from "../../../src/admin/entries.ts";
import { nameIntrospectors } from "../../../src/django-import/introspection.ts";
import type { KnownClient } from "../../../src/django-import/known-accounts.ts";
import { createTally } from "../../../src/django-import/report.ts";
import { OPENID_SCOPES } from "../../../src/protocol/names.ts";

const ENTRIES = [
  parseClientEntry({ client_id: "api", client_secret: "s" }),
  parseClientEntry({ client_id: "shop", client_secret: "s" }),
  parseClientEntry({ client_id: "app", token_endpoint_auth_method: "none" }),
];

const KEPT: KnownClient = {
  clientId: "old",
  fate: "kept",
  isDisabled: false,
  refreshIdleSeconds: null,
  endedMs: 0,
};

function name(
  introspectors: string[],
  scopes = ["read", "introspection", "write"],
  fresh: readonly ClientEntry[] = ENTRIES,
) {
  const tally = createTally();
  const entries = nameIntrospectors(fresh, [KEPT], { introspectors, scopes }, tally);
  const { warnings } = tally.report({ expiredRemoved: 0, revokedEnded: 0 });
  return { entries, warnings };
}

describe("the introspection scope in an import", () => {
  test("is granted only to named clients; those that lose it are listed", () => {
    const { entries, warnings } = name([]);
    expect(entries).toEqual(ENTRIES);
    expect(warnings).toEqual([expect.stringMatching(/^2 confidential clients .*: api, shop\. /)]);
  });

  test("is granted to named clients, but not by default at login", () => {
    const { entries, warnings } = name(["api"]);
    const scopes = { scope: "read write introspection", default_scope: "read write" };
    expect(entries).toEqual([{ ...ENTRIES[0], ...scopes }, ENTRIES[1], ENTRIES[2]]);
    expect(warnings).toEqual([expect.stringMatching(/^1 confidential clients .*: shop\. /)]);
    expect(name(["api", "shop"]).warnings).toEqual([]);
  });

  test("keeps the scopes of OpenID Connect of a client with authorization codes", () => {
    const web = { client_id: "web", client_secret: "s", grant_types: ["authorization_code"] };
    const { entries } = name(["web"], ["read"], [parseClientEntry(web)]);
    expect(entries[0]?.scope?.split(" ")).toEqual(["read", ...OPENID_SCOPES, "introspection"]);
    expect(entries[0]?.default_scope).toBe("read");
  });

  test("changes nothing for an existing client, and warns", () => {
    const { entries, warnings } = name(["api", "shop", "old"]);
    expect(entries).toEqual(name(["api", "shop"]).entries);
    expect(warnings).toEqual([expect.stringMatching(/does not change existing clients: old\./)]);
  });

  test.each(["nobody", "app"])("is not granted to %s, which is no confidential client", (id) => {
    expect(() => name(["api", id])).toThrow(`--introspection ${id}: `);
  });
});
