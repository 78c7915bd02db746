import OAuth2Strategy from "passport-oauth2";
import { CALLBACK, type CodeClient, type Visit } from "./code-client.ts";
import type { LibraryTokens } from "./independent-client.ts";

/** What a strategy of Passport calls in the end: one of both. */
interface Outcome<User> {
  readonly redirect?: string;
  readonly user?: User;
}

type Strategy = Pick<OAuth2Strategy, "authenticate">;

/** A failure as Passport knows it: a message for the user and a status, but no code. */
class Failure extends Error {
  readonly status: number | undefined;

  constructor({ message }: { message: string }, status?: number) {
    super(message);
    this.status = status;
  }
}

/** `passport-oauth2`, called as Passport calls a strategy. */
export function passportOauth2(origin: string, clientID: string, clientSecret: string): CodeClient {
  const strategy = new OAuth2Strategy(
    {
      authorizationURL: `${origin}/o/authorize/`,
      tokenURL: `${origin}/o/token/`,
      clientID,
      clientSecret,
      callbackURL: CALLBACK,
      scope: ["read", "write"],
      state: true,
      pkce: true,
    },
    (accessToken, refreshToken, response, _, done) =>
      done(null, read(accessToken, refreshToken, response)),
  );
  return {
    signIn: signInWith<LibraryTokens>(strategy),
    // As the package passport-oauth2-refresh does it.
    refresh: ({ refreshToken = "" }) =>
      new Promise((settle, fail) => {
        const parameters = { grant_type: "refresh_token" };
        strategy._oauth2.getOAuthAccessToken(refreshToken, parameters, (error, ...tokens) => {
          if (error) fail(error);
          else settle(read(...tokens));
        });
      }),
    // A denial is the only failure that it reports without a status.
    codeOf: (error) =>
      error instanceof Failure && error.status === undefined ? "access_denied" : undefined,
  };
}

/** A sign-in by a strategy, from its redirect to the user that it makes of the response. */
export function signInWith<User>(strategy: Strategy): (visit: Visit) => Promise<User> {
  const authenticate = authenticateWith<User>(strategy);
  return async (visit) => {
    const { searchParams } = await visit((await authenticate({})).redirect ?? "");
    const { user } = await authenticate(Object.fromEntries(searchParams));
    if (user === undefined) throw new Error("It did not sign in");
    return user;
  };
}

/** Calls a strategy for the requests of one browser, each with its query. */
function authenticateWith<User>(
  strategy: Strategy,
): (query: Record<string, string>) => Promise<Outcome<User>> {
  const session = {};
  return (query) =>
    new Promise((settle, fail) => {
      const one: Strategy = Object.assign(Object.create(strategy), {
        redirect: (redirect: string) => settle({ redirect }),
        success: (user: User) => settle({ user }),
        fail: (info: { message: string }, status?: number) => fail(new Failure(info, status)),
        error: fail,
      });
      one.authenticate({ query, session }, {});
    });
}

function read(
  accessToken: string,
  refreshToken: string,
  response: Readonly<Record<string, unknown>>,
): LibraryTokens {
  const { scope, expires_in } = response;
  return { accessToken, refreshToken, scope: String(scope), expiresIn: Number(expires_in) };
}
