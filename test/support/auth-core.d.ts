/**
 * The parts of `@auth/core` that tests use, for tsconfig.json: its own types would make those of the
 * DOM visible in the Worker.
 */

/** What Auth.js keeps of a token response. */
export interface Account {
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly scope?: string;
  readonly expires_in?: number;
}

/** Claims of the ID token. */
export interface Profile {
  readonly sub?: string;
  readonly name?: string;
}

/** Responds to a request for Auth.js. */
export function Auth(request: Request, config: AuthConfig): Promise<Response>;

/** The configuration of an app. */
export interface AuthConfig {
  readonly basePath: string;
  readonly trustHost: boolean;
  readonly secret: string;
  readonly logger: { error(error: Error): void };
  readonly providers: readonly object[];
  readonly callbacks: {
    jwt(login: { token: object; account?: Account | null; profile?: Profile }): object;
  };
}
