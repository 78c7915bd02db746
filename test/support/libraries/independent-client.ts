import { beforeAll, expect, test } from "vitest";
import type { RunningService } from "../running-service.ts";
import { isActive } from "../wire.ts";
import { CALLBACK, type Checked, type CodeClient, testCodeClient } from "./code-client.ts";

/** What a library made of a response. */
export interface LibraryTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly scope: string;
  /** Seconds from issue to expiry. */
  readonly expiresIn: number;
}

/** A third-party OAuth library, unmodified, for one client of the running service. */
export interface IndependentClient extends CodeClient {
  logIn(username: string, password: string): Promise<LibraryTokens>;
  refresh(tokens: LibraryTokens): Promise<LibraryTokens>;
  clientCredentials(scope: string): Promise<LibraryTokens>;
  revoke(tokens: LibraryTokens): Promise<void>;
  /** Left out where the library has no such call. @returns what the response says */
  introspect?(token: string): Promise<Readonly<Record<string, unknown>>>;
}

/** Who may log in at the service. */
export const USER = { username: "ada", password: "correct horse" } as const;

/** Clients of the service for {@link testIndependentClient}: those given, and its own. */
export function clientsFor(...clients: readonly object[]): object[] {
  const grant_types = ["password", "refresh_token", "client_credentials", "authorization_code"];
  const redirect_uris = [CALLBACK];
  const judge = {
    client_id: "judge",
    client_secret: "secret",
    grant_types: [],
    scope: "introspection",
  };
  return [...clients.map((client) => ({ grant_types, redirect_uris, ...client })), judge];
}

/**
 * Tests that a library and the service understand each other.
 *
 * @param makeClient called when the service runs
 * @param introspects whether the library has a call to introspect
 * @param isPublic whether the client is one, which may neither act for itself nor introspect
 * @param checks what the library checks in the response of the authorization endpoint
 */
export function testIndependentClient(
  service: () => RunningService,
  makeClient: (origin: string) => IndependentClient | Promise<IndependentClient>,
  {
    introspects = true,
    isPublic = false,
    checks = ["state", "iss", "error"] as readonly Checked[],
  } = {},
): void {
  testCodeClient(service, makeClient, checks);

  let client: IndependentClient;

  beforeAll(async () => {
    client = await makeClient(service().origin);
  });

  const logIn = () => client.logIn(USER.username, USER.password);
  const isGood = (token: string) => isActive(service().origin, "judge:secret", token);

  async function expectRefusal(code: string, work: Promise<unknown>): Promise<void> {
    const error = await work.then(() => "no refusal").catch((reason) => reason);
    expect(client.codeOf(error), String(error)).toBe(code);
  }

  test("logs in and refreshes", async () => {
    const first = await logIn();
    expect(first).toMatchObject({ scope: "read write", expiresIn: 3600 });
    const second = await client.refresh(first);
    expect(second).toMatchObject({ scope: "read write", expiresIn: 3600 });
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(await isGood(first.accessToken)).toBe(false);
    expect(await isGood(second.accessToken)).toBe(true);
  });

  test("gets the error code of a rejected request", async () => {
    await expectRefusal("invalid_grant", client.logIn(USER.username, "wrong"));
    const first = await logIn();
    await client.refresh(first);
    await expectRefusal("invalid_grant", client.refresh(first));
  });

  test("revokes", async () => {
    const tokens = await logIn();
    await client.revoke(tokens);
    expect(await isGood(tokens.accessToken)).toBe(false);
    await expectRefusal("invalid_grant", client.refresh(tokens));
  });

  if (isPublic) return;
  test("acts for itself, with no refresh token", async () => {
    const tokens = await client.clientCredentials("read");
    expect(tokens).toMatchObject({ scope: "read", refreshToken: undefined, expiresIn: 3600 });
    expect(await isGood(tokens.accessToken)).toBe(true);
    await expectRefusal("invalid_scope", client.clientCredentials("everything"));
  });

  if (!introspects) return;
  test("introspects", async () => {
    const tokens = await logIn();
    const answer = await client.introspect?.(tokens.accessToken);
    expect(answer).toMatchObject({ active: true, username: USER.username, scope: "read write" });
    await client.revoke(tokens);
    expect(await client.introspect?.(tokens.accessToken)).toEqual({ active: false });
  });
}
