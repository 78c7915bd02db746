import { inspect } from "node:util";
import { beforeAll, expect, test } from "vitest";
import type { RunningService } from "../running-service.ts";
import { type User, userOf, type Visit } from "./code-client.ts";

/** Who signed in, as a relying party sees it. */
export interface Identity {
  readonly subject: string | undefined;
  readonly name: string | undefined;
}

/** A third-party OpenID library, unmodified, with discovery from the issuer. */
export interface OpenIdLibrary {
  /** Sends the user to the service with the scopes `openid profile`, and verifies the ID token. */
  signIn(visit: Visit): Promise<Identity>;
  /** Refreshes, and verifies the new ID token. Left out where the library has no such call. */
  refresh?(): Promise<Identity>;
  /** Where the user signs out. Left out where the library has no such call. */
  signOutUrl?(): Promise<string | URL>;
}

/** Where users return to after signing out. */
export const SIGNED_OUT = "https://app.example.com/signed-out";

/** The user's profile. */
export const PROFILE = { name: "Ada Lovelace" } as const;

/**
 * Tests that users can sign in to a relying library.
 *
 * @param makeLibrary called when the service runs
 */
export function testOpenIdLibrary(
  service: () => RunningService,
  makeLibrary: (issuer: string) => OpenIdLibrary | Promise<OpenIdLibrary>,
): void {
  let library: OpenIdLibrary;
  let user: User;

  beforeAll(async () => {
    library = await makeLibrary(service().origin);
    user = userOf(service().origin);
  });

  test("signs in, refreshes and signs out", async () => {
    const identity = await library.signIn(user.visit);
    expect(identity).toEqual({ subject: expect.stringMatching(/^[\da-f-]{36}$/), ...PROFILE });
    if (library.refresh !== undefined) {
      expect(await library.refresh()).toMatchObject({ subject: identity.subject });
    }
    if (library.signOutUrl === undefined) return;
    const { location } = await user.open(await library.signOutUrl());
    expect(location?.pathname).toBe("/signed-out");
    if (library.refresh !== undefined) await expect(library.refresh()).rejects.toThrow();
  });

  test("rejects an ID token with another nonce", async () => {
    const mixUp: Visit = (url) => {
      const changed = new URL(url);
      expect(changed.searchParams.get("nonce")).not.toBe(null);
      changed.searchParams.set("nonce", "not-the-one-of-the-request");
      return user.visit(changed);
    };
    const error = await library.signIn(mixUp).then(
      () => "no error",
      (reason) => reason,
    );
    // express-openid-connect does not say which claim it is.
    expect(inspect(error)).toMatch(/nonce|JWT claim/);
  });
}
