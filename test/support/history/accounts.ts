import { CALLBACK } from "../browsing.ts";
import type { CodeRules } from "../model.ts";
import type { Accounts } from "./history.ts";

/** A registered client. */
export interface RegisteredClient {
  readonly clientId: string;
  /** Null: a public client. */
  readonly secret: string | null;
  /** In seconds. */
  readonly lifetimes: {
    readonly accessToken: number;
    readonly idle: number;
    readonly absolute: number;
  };
  /** As the operator last set it. */
  isDisabled: boolean;
}

/** A registered user. */
export interface RegisteredUser {
  readonly username: string;
  /** As the operator last set it. */
  password: string;
  isActive: boolean;
}

const LONG = { accessToken: 3600, idle: 30 * 86_400, absolute: 90 * 86_400 };
const SHORT = { accessToken: 60, idle: 300, absolute: 900 };

/** The users and clients of a history. */
export class Registered {
  readonly clients: readonly RegisteredClient[] = [
    { clientId: "confidential", secret: "secret", lifetimes: LONG, isDisabled: false },
    { clientId: "public", secret: null, lifetimes: LONG, isDisabled: false },
    { clientId: "brief", secret: null, lifetimes: SHORT, isDisabled: false },
  ];
  readonly users: readonly RegisteredUser[] = [0, 1, 2, 3, 4].map((number) => {
    return { username: `user${number}`, password: "password 0", isActive: true };
  });
}

/** A client that is another one of the same kind. */
export const FOREIGN_CLIENT: RegisteredClient = {
  clientId: "stranger",
  secret: null,
  lifetimes: LONG,
  isDisabled: false,
};

/** The rules that a client's families live by. */
export function rulesOf(
  { lifetimes }: RegisteredClient,
  retry: CodeRules["retry"],
  retryWindowMs: number,
): CodeRules {
  const { accessToken, idle, absolute } = lifetimes;
  return {
    accessTokenMs: accessToken * 1000,
    idleMs: idle * 1000,
    absoluteMs: absolute * 1000,
    codeMs: 60_000,
    retry,
    retryWindowMs,
  };
}

/** The two accounts of a family, as the operator last set them. */
export function accountsOf(user: RegisteredUser, client: RegisteredClient): Accounts {
  return { password: user.password, isActive: user.isActive, isDisabled: client.isDisabled };
}

/** A client's entry in the file of `cli apply`. Without its secret the stored one stays. */
export function clientEntry({ clientId, secret, lifetimes, isDisabled }: RegisteredClient): object {
  return {
    client_id: clientId,
    grant_types: ["password", "refresh_token", "authorization_code"],
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: secret === null ? "none" : "client_secret_basic",
    access_token_ttl_seconds: lifetimes.accessToken,
    refresh_idle_ttl_seconds: lifetimes.idle,
    refresh_absolute_ttl_seconds: lifetimes.absolute,
    disabled: isDisabled,
  };
}
