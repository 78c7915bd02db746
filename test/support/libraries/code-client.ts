import { beforeAll, expect, test } from "vitest";
import { newBrowser, type Shown, type TestBrowser } from "../browsing.ts";
import type { RunningService } from "../running-service.ts";
import { isActive } from "../wire.ts";
import type { LibraryTokens } from "./independent-client.ts";

/** Opens an authorization request as the user's browser. @returns where it sends the browser */
export type Visit = (url: string | URL) => Promise<URL>;

/** A third-party library, unmodified, with which users sign in by authorization code. */
export interface CodeClient {
  /** Sends the user to the service, and exchanges the code that the user returns with. */
  signIn(visit: Visit): Promise<LibraryTokens>;
  /** Left out where the library has no such call. */
  refresh?(tokens: LibraryTokens): Promise<LibraryTokens>;
  /** Left out where the library has no such call. */
  revoke?(tokens: LibraryTokens): Promise<void>;
  /** The error code that the library found in a response, in its own way. */
  codeOf(error: unknown): string | undefined;
}

/** What a library checks in the response of the authorization endpoint. */
export type Checked = "state" | "iss" | "error";

/** The redirect URI of the clients. Nothing listens there: {@link Visit} stops before it. */
export const CALLBACK = "https://app.example.com/callback";

/** A user with a browser of their own. */
export interface User {
  /** Opens a page of the service. */
  open(url: string | URL): Promise<Shown>;
  readonly submit: TestBrowser["submit"];
  /** Opens an authorization request, signs in if asked to, and allows what the client asks for. */
  readonly visit: Visit;
}

/** A user whose browser has not been at the service yet. */
export function userOf(origin: string, decision: "allow" | "deny" = "allow"): User {
  const browser = newBrowser({ fetch: (...request) => fetch(...request) }, origin);
  const open = (url: string | URL) => {
    const { pathname, search } = new URL(url);
    return browser.open(pathname + search);
  };
  return {
    open,
    submit: browser.submit,
    async visit(url) {
      let page = await open(url);
      if (page.text.includes('name="password"')) page = await browser.signIn(page);
      if (page.location === null) page = await browser.submit(page, { decision });
      if (page.location === null) throw new Error(`No redirect, but ${page.status}: ${page.text}`);
      return page.location;
    },
  };
}

/** Opens an authorization request as a new user, who signs in, and allows or denies it. */
export function visit(url: string | URL, decision: "allow" | "deny" = "allow"): Promise<URL> {
  return userOf(new URL(url).origin, decision).visit(url);
}

/**
 * Tests that users can sign in through a library.
 *
 * @param makeClient called when the service runs
 * @param checks what the library checks by itself
 */
export function testCodeClient(
  service: () => RunningService,
  makeClient: (origin: string) => CodeClient | Promise<CodeClient>,
  checks: readonly Checked[],
): void {
  let client: CodeClient;

  beforeAll(async () => {
    client = await makeClient(service().origin);
  });

  const isGood = (token: string) => isActive(service().origin, "judge:secret", token);

  test("signs in with a code, refreshes and revokes", async () => {
    let tokens = await client.signIn(visit);
    expect(tokens).toMatchObject({ scope: "read write", expiresIn: 3600 });
    expect(await isGood(tokens.accessToken)).toBe(true);
    if (client.refresh === undefined) return;
    const first = tokens.accessToken;
    tokens = await client.refresh(tokens);
    expect([await isGood(first), await isGood(tokens.accessToken)]).toEqual([false, true]);
    if (client.revoke === undefined) return;
    await client.revoke(tokens);
    expect(await isGood(tokens.accessToken)).toBe(false);
  });

  const MIXED_UP = {
    state: "not-the-one-of-the-request",
    iss: "https://other.example.com",
  } as const;
  for (const name of ["state", "iss"] as const) {
    test.runIf(checks.includes(name))(`rejects a response with another ${name}`, async () => {
      const mixUp: Visit = async (url) => {
        const location = await visit(url);
        expect(location.searchParams.get(name)).not.toBe(null);
        location.searchParams.set(name, MIXED_UP[name]);
        return location;
      };
      await expect(client.signIn(mixUp)).rejects.toThrow();
    });
  }

  test.runIf(checks.includes("error"))("learns that the user denied", async () => {
    const deny: Visit = (url) => visit(`${url}&prompt=consent`, "deny");
    const error = await client.signIn(deny).then(
      () => "no error",
      (reason) => reason,
    );
    expect(client.codeOf(error), String(error)).toBe("access_denied");
  });
}
