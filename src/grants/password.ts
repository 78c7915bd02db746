import type { VerifiedClient } from "../clients/client.ts";
import { PASSWORD_BYTES_MAX } from "../crypto/passwords.ts";
import { Refusal } from "../errors/refusal.ts";
import { hasControlCharacter, type Params } from "../protocol/params.ts";
import type { Lookup } from "../storage/lookups.ts";
import type { NamedUser } from "../storage/users.ts";
import { PLAIN_LOGIN } from "../tokens/refresh-token.ts";
import {
  admitEarly,
  type Credentials,
  dropUnlessUsed,
  type EarlyAdmission,
  type SignInOrigin,
  signIn,
} from "../users/sign-in.ts";
import { userAddressOf } from "./authorize.ts";
import type { Grant, TokenRequest } from "./grant.ts";

interface PresentedPassword {
  readonly request: TokenRequest;
  /** Null when the request names no user. It is rejected after the client is authenticated. */
  readonly named: Lookup<NamedUser> | null;
  /** Null: the sign-in is admitted when its client is authenticated. */
  readonly early: EarlyAdmission | null;
}

/** Resource owner password credentials (RFC 6749 §4.3): a user logs in, which starts a family. */
export const passwordGrant: Grant<PresentedPassword> = {
  grantType: "password",
  summary: "A user logs in",
  specification: "RFC 6749 §4.3",
  parameters: {
    username: "the user name",
    password: `the password, used as sent, up to ${PASSWORD_BYTES_MAX} bytes`,
  },
  example: { username: "ada", password: "correct horse", scope: "read" },
  openApiFlow: "password",
  refusals: [
    "username_missing",
    "password_missing",
    "username_control_character",
    "password_control_character",
    "user_unknown",
    "user_inactive",
    "password_wrong",
    "password_unusable",
    "password_too_long",
    "user_throttled",
    "client_throttled",
  ],
  allowsPublicClients: true,

  async read(request, lookups) {
    const username = request.params.get("username");
    const named = username === undefined ? null : lookups.userByName(username);
    return { request, named, early: null };
  },

  anticipate(presented, expected, client, { signIn: deps }) {
    const { request, named } = presented;
    try {
      const { username } = requireCredentials(request.params);
      if (named === null) return presented;
      const early = admitEarly(username, named, originOf(expected, request), deps);
      const use = Promise.all([client, named]).then(([verified]) => originOf(verified, request));
      deps.defer(dropUnlessUsed(early, use));
      return { ...presented, early };
    } catch {
      // The request is invalid: `prove` rejects it, once the client is authenticated.
      return presented;
    }
  },

  async prove({ request, named, early }, client, { signIn: deps }) {
    const credentials = requireCredentials(request.params);
    const from = originOf(client, request);
    const user = await signIn(credentials, (await named) ?? NO_USER, from, deps, early);
    return { user, login: null, refresh: { kind: "new", login: PLAIN_LOGIN } };
  },
};

/** @throws Refusal `forwarded_address_malformed` */
function originOf(client: VerifiedClient, request: TokenRequest): SignInOrigin {
  const { clientId, authMethod } = client;
  const isClientProved = authMethod !== "none";
  return { address: userAddressOf(client, request), clientId, isClientProved };
}

const NO_USER: NamedUser = { user: null, hasSimilar: false };

/** @throws Refusal when the user name or the password is absent or has a control character */
function requireCredentials(params: Params): Credentials {
  const username = params.get("username");
  if (username === undefined) throw new Refusal("username_missing");
  const password = params.get("password");
  if (password === undefined) throw new Refusal("password_missing");
  if (hasControlCharacter(username)) throw new Refusal("username_control_character");
  if (hasControlCharacter(password)) throw new Refusal("password_control_character");
  return { username, password };
}
