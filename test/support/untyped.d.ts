/** The parts of packages without types that tests use. */
declare module "passport-oauth2" {
  type Done = (error: unknown, user: unknown) => void;
  type Parameters = Readonly<Record<string, unknown>>;
  type Verify = (
    access: string,
    refresh: string,
    all: Parameters,
    profile: unknown,
    done: Done,
  ) => void;
  type Received = (error: unknown, access: string, refresh: string, all: Parameters) => void;

  export default class OAuth2Strategy {
    constructor(options: object, verify: Verify);
    authenticate(request: object, options: object): void;
    readonly _oauth2: {
      getOAuthAccessToken(token: string, parameters: Parameters, received: Received): void;
    };
  }
}
