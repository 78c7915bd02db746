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

declare module "passport-openidconnect" {
  type Profile = { readonly id: string; readonly displayName: string };
  type Done = (error: unknown, user: unknown) => void;

  export default class OpenIDConnectStrategy {
    constructor(options: object, verify: (issuer: string, profile: Profile, done: Done) => void);
    authenticate(request: object, options: object): void;
  }
}

declare module "express" {
  import type { Server } from "node:http";
  export interface Request {
    readonly oidc: { readonly user?: Readonly<Record<string, string>> };
  }
  export interface Response {
    json(body: object): void;
  }
  export type RequestHandler = (request: Request, response: Response) => void;
  interface App {
    use(handler: RequestHandler): void;
    get(path: string, handler: RequestHandler): void;
    listen(port: number, host: string): Server;
  }
  export default function express(): App;
}
